// GPUs, their streams and library handles.
#include "runtime/cuda_state.h"

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "runtime/cuda_api.h"

namespace elbo::cuda {

void throw_error(cudaError_t error, const char* expression, const std::source_location& where) {
  cudaGetLastError();  // keeps a later check from reporting this error again
  throw DeviceError(describe_failure(
      concat("CUDA: ", cudaGetErrorString(error), " (", cudaGetErrorName(error), ")"), expression, where));
}

void throw_error(cublasStatus_t status, const char* expression, const std::source_location& where) {
  throw DeviceError(describe_failure(
      concat("cuBLAS: ", cublasGetStatusString(status), " (", cublasGetStatusName(status), ")"), expression,
      where));
}

namespace {

int gpu_count() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess) return count;
  cudaGetLastError();
  return 0;
}

/// The first product makes cuBLAS load its kernels, which must not happen while a step is being captured.
void warm_up_blas(CudaState& state) {
  constexpr int kSize = 64;
  float* operands = nullptr;
  ELBO_CUDA_CHECK(cudaMalloc(&operands, 3 * kSize * kSize * sizeof(float)));
  ELBO_CUDA_CHECK(cudaMemsetAsync(operands, 0, 3 * kSize * kSize * sizeof(float), state.stream));
  const float one = 1.0f, zero = 0.0f;
  ELBO_CUDA_CHECK(cublasSgemm(state.blas, CUBLAS_OP_N, CUBLAS_OP_N, kSize, kSize, kSize, &one, operands,
                              kSize, operands + kSize * kSize, kSize, &zero, operands + 2 * kSize * kSize,
                              kSize));
  ELBO_CUDA_CHECK(cudaStreamSynchronize(state.stream));
  ELBO_CUDA_CHECK(cudaFree(operands));
}

std::size_t total_memory(int device) {
  cudaDeviceProp properties{};
  ELBO_CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
  return properties.totalGlobalMem;
}

void open_blas(CudaState& state) {
  ELBO_CUDA_CHECK(cublasCreate(&state.blas));
  ELBO_CUDA_CHECK(cublasSetStream(state.blas, state.stream));
  // Must follow cublasSetStream, which restores the default workspace. cuBLAS needs 32 MiB on Hopper; if
  // memory is plentiful, the workspace also holds bf16 operands of large products.
  state.blas_workspace_bytes =
      std::clamp(total_memory(state.device) / 512, std::size_t{32} << 20, std::size_t{192} << 20);
  ELBO_CUDA_CHECK(cudaMalloc(&state.blas_workspace, state.blas_workspace_bytes));
  ELBO_CUDA_CHECK(cublasSetWorkspace(state.blas, state.blas_workspace, state.blas_workspace_bytes));
  state.bound_workspace = state.blas_workspace;
  ELBO_CUDA_CHECK(cublasSetMathMode(state.blas, CUBLAS_PEDANTIC_MATH));
  ELBO_CUDA_CHECK(cublasSetAtomicsMode(state.blas, CUBLAS_ATOMICS_NOT_ALLOWED));
  warm_up_blas(state);
}

void open_staging(CudaState& state) {
  for (auto& staging : state.staging) {
    ELBO_CUDA_CHECK(cudaMallocHost(&staging.host, CudaState::Staging::kBytes));
    ELBO_CUDA_CHECK(cudaEventCreateWithFlags(&staging.copied, cudaEventDisableTiming));
  }
}

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  ELBO_CUDA_CHECK(cudaDeviceGetAttribute(&value, which, device));
  return value;
}

}  // namespace

CudaSupport support() noexcept {
#if ELBO_EMULATE
  return CudaSupport::emulated;
#else
  return CudaSupport::cuda;
#endif
}

std::vector<DeviceInfo> gpus() {
  std::vector<DeviceInfo> present;
  for (int index = 0, count = gpu_count(); index < count; ++index) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) {
      cudaGetLastError();
      continue;
    }
    present.push_back({Device::cuda(index), properties.name, properties.totalGlobalMem});
  }
  return present;
}

CudaState* create_state(int index) {
  const int count = gpu_count();
  if (index < 0 || index >= count) {
    throw DeviceError(concat("device \"cuda:", index, "\" was asked for, but ",
                             count == 0 ? std::string("no GPU with a working driver was found")
                                        : concat("the GPUs present are cuda:0 to cuda:", count - 1),
                             ". Use device \"cpu\", or check nvidia-smi."));
  }
  std::unique_ptr<CudaState, void (*)(CudaState*)> state(new CudaState, destroy_state);
  state->device = index;
  ELBO_CUDA_CHECK(cudaSetDevice(index));
  ELBO_CUDA_CHECK(cudaStreamCreateWithFlags(&state->stream, cudaStreamNonBlocking));
  state->sm_count = attribute(cudaDevAttrMultiProcessorCount, index);
  state->max_shared_bytes =
      static_cast<std::size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, index));
  state->compute_capability = 10 * attribute(cudaDevAttrComputeCapabilityMajor, index) +
                              attribute(cudaDevAttrComputeCapabilityMinor, index);
  open_blas(*state);
  open_lt(*state);
  open_staging(*state);
  return state.release();
}

void destroy_state(CudaState* state) {
  if (!state) return;
  // This is called by destructors, so errors cannot be thrown; synchronize() has reported those of the work.
  cudaSetDevice(state->device);
  if (state->stream) cudaStreamSynchronize(state->stream);
  if (state->blas) cublasDestroy(state->blas);
  close_lt(*state);
  cudaFree(state->blas_workspace);
  for (auto& staging : state->staging) {
    if (staging.copied) cudaEventDestroy(staging.copied);
    if (staging.host) cudaFreeHost(staging.host);
  }
  if (state->stream) cudaStreamDestroy(state->stream);
  cudaGetLastError();
  delete state;
}

std::string fingerprint(const CudaState& state) {
  cudaDeviceProp properties{};
  int driver = 0, runtime = 0, blas_version = 0;
  ELBO_CUDA_CHECK(cudaGetDeviceProperties(&properties, state.device));
  ELBO_CUDA_CHECK(cudaDriverGetVersion(&driver));
  ELBO_CUDA_CHECK(cudaRuntimeGetVersion(&runtime));
  ELBO_CUDA_CHECK(cublasGetVersion(state.blas, &blas_version));
  return concat(properties.name, ", ", state.sm_count, " multiprocessors, driver ", driver, ", CUDA ",
                runtime, ", cuBLAS ", blas_version);
}

cublasHandle_t blas(CudaState& state) {
  ELBO_CUDA_CHECK(cudaSetDevice(state.device));
  if (state.bound_workspace != state.blas_workspace) {
    ELBO_CHECK(state.blas_workspace != nullptr, DeviceError,
               "a product was given to a branch made without products");
    ELBO_CUDA_CHECK(cublasSetWorkspace(state.blas, state.blas_workspace, state.blas_workspace_bytes));
    state.bound_workspace = state.blas_workspace;
  }
  return state.blas;
}

void synchronize(CudaState& state) {
  ELBO_CUDA_CHECK(cudaStreamSynchronize(state.stream));
}

}  // namespace elbo::cuda
