#pragma once
// The measured peak of the GPU's matrix units: a large product by cuBLAS.

#include <bit>
#include <cstdint>
#include <vector>

#include "elbo/precision.h"
#include "runtime/buffer.h"
#include "support/random.h"
#include "timing.h"

#if ELBO_HAS_CUDA && !defined(ELBO_EMULATE)
#include "base/check.h"
#include "runtime/cuda_state.h"
#define ELBO_BENCH_CUBLAS 1
#endif

namespace elbo::bench {

/// `count` varied numbers in (−1, 1), of 4 bytes or, for bf16, 2. A product of constants would draw less
/// power than one of data, and so run at a higher clock.
inline Buffer<std::byte> gpu_operand(Context& device, std::int64_t count, Precision precision) {
  const std::int64_t width = precision == Precision::bf16 ? 2 : 4;
  const auto values = test::Random(1).uniform(std::int64_t{1} << 16);
  std::vector<std::byte> block;
  for (const float value : values) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (std::int64_t i = 4 - width; i < 4; ++i) block.push_back(static_cast<std::byte>(bits >> (8 * i)));
  }
  Buffer<std::byte> operand(device, count * width);
  device.copy_to_device(operand.data(), block.data(), block.size());
  const auto size = static_cast<std::int64_t>(block.size());
  for (std::int64_t at = size; at < operand.size(); at += size) {
    const std::int64_t bytes = std::min(size, operand.size() - at);
    device.copy_on_device(operand.data() + at, operand.data(), static_cast<std::size_t>(bytes));
  }
  return operand;
}

#if ELBO_BENCH_CUBLAS
/// Flops per second of an 8192³ product, the fastest of a few; its sums are fp32.
inline double gpu_peak_flops(Context& device, Precision precision) {
  constexpr int kSize = 8192;
  const auto a = gpu_operand(device, std::int64_t{kSize} * kSize, precision);
  const auto b = gpu_operand(device, std::int64_t{kSize} * kSize, precision);
  Buffer<float> c(device, std::int64_t{kSize} * kSize);
  const cudaDataType_t type = precision == Precision::bf16 ? CUDA_R_16BF : CUDA_R_32F;
  const cublasComputeType_t compute =
      precision == Precision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  // A separate handle, as the context's has elbo's workspace and math mode.
  cublasHandle_t blas = nullptr;
  ELBO_CUDA_CHECK(cublasCreate(&blas));
  ELBO_CUDA_CHECK(cublasSetStream(blas, device.cuda().stream));
  const float one = 1.0f, zero = 0.0f;
  const double seconds = best_seconds(10, [&] {
    ELBO_CUDA_CHECK(cublasGemmEx(blas, CUBLAS_OP_T, CUBLAS_OP_N, kSize, kSize, kSize, &one, a.data(), type,
                                 kSize, b.data(), type, kSize, &zero, c.data(), type, kSize, compute,
                                 CUBLAS_GEMM_DEFAULT));
    device.synchronize();
  });
  cublasDestroy(blas);
  return 2.0 * kSize * kSize * kSize / seconds;
}
#else
/// Unknown: the device is emulated, or there is no GPU.
inline double gpu_peak_flops(Context&, Precision) {
  return 0.0;
}
#endif

}  // namespace elbo::bench
