#pragma once
// The processor's measured peak: a large product by oneDNN if it is installed, else by elbo itself.

#include <cstdint>
#include <vector>

#include "runtime/context.h"
#include "timing.h"

#include <omp.h>

#if ELBO_BENCH_ONEDNN
#include <dnnl.h>
#else
#include "ops/cpu_matmul.h"
#endif

namespace elbo::bench {

/// Ends OpenMP's threads, which spin for milliseconds after their last loop and would slow down what is
/// measured next.
inline void end_openmp_threads() {
  omp_pause_resource_all(omp_pause_hard);
}

// Computes c = a b by the yardstick; all three are [size, size], and the device is the CPU.
#if ELBO_BENCH_ONEDNN
inline constexpr const char* kCpuYardstick = "a large product by oneDNN";

inline void yardstick_gemm(Context& device, float* c, const float* a, const float* b, std::int64_t size) {
  omp_set_num_threads(device.threads());
  dnnl_sgemm('N', 'N', size, size, size, 1.0f, a, size, b, size, 0.0f, c, size);
}
#else
inline constexpr const char* kCpuYardstick = "a large product by elbo (no oneDNN here)";

inline void yardstick_gemm(Context& device, float* c, const float* a, const float* b, std::int64_t size) {
  const ops::cpu::Gemm gemm{
      .c = {c, size, size},
      .a = {.stored = {a, size, size}},
      .b = {.stored = {b, size, size}},
  };
  ops::cpu::matmul(device, gemm, [](const ops::cpu::Strip&) {});
}
#endif

/// Single-precision flops per second of a large square product with the context's threads.
inline double cpu_peak_flops(Context& device) {
  constexpr std::int64_t kSize = 1536;
  const std::vector<float> a(kSize * kSize, 0.5f), b(kSize * kSize, 0.25f);
  std::vector<float> c(kSize * kSize);
  const double seconds =
      best_seconds(8, [&] { yardstick_gemm(device, c.data(), a.data(), b.data(), kSize); });
  end_openmp_threads();
  return 2.0 * kSize * kSize * kSize / seconds;
}

}  // namespace elbo::bench
