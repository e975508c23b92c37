// The public headers must not bring in CUDA's.
#include <elbo/elbo.h>

#if defined(__CUDA_RUNTIME_H__) || defined(__DRIVER_TYPES_H__) || defined(CUBLAS_V2_H_) || \
    defined(CUDART_VERSION)
#error "a CUDA header is included by elbo's public headers"
#endif

int main() {
  return elbo::devices().front().device == elbo::Device::cpu() && elbo::version()[0] ? 0 : 1;
}
