#pragma once
// Measured peaks of the machine, with which benchmarks are compared.

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <vector>

#include <benchmark/benchmark.h>

#include "cpu_peak.h"
#include "gpu_peak.h"
#include "runtime/buffer.h"
#include "runtime/graph.h"
#include "timing.h"

namespace elbo::bench {

/// The device for benchmarks: $ELBO_BENCH_DEVICE, or the best available.
inline Device bench_device() {
  const char* name = std::getenv("ELBO_BENCH_DEVICE");
  return Device::parse(name ? name : "auto");
}

/// The context for all cases of this process.
inline Context& context() {
  static Context context(bench_device());
  return context;
}

/// The product that measures the peak.
inline const char* yardstick(Device device) {
  if (std::getenv("ELBO_PEAK_GFLOPS")) return "ELBO_PEAK_GFLOPS";
  return device.is_cuda() ? "a large product by cuBLAS" : kCpuYardstick;
}

/// Flops per second of products on the context's device in its precision; on the CPU always fp32. 0: unknown.
inline double measure_peak_flops(Context& device) {
  if (const char* given = std::getenv("ELBO_PEAK_GFLOPS")) return std::atof(given) * 1e9;
  return device.is_cuda() ? gpu_peak_flops(device, device.precision()) : cpu_peak_flops(device);
}

/// The same, measured once per precision.
inline double peak_flops(Context& device) {
  static std::map<Precision, double> measured;
  const auto [entry, fresh] = measured.try_emplace(device.precision(), 0.0);
  if (fresh) entry->second = measure_peak_flops(device);
  return entry->second;
}

/// Bytes per second of the streaming triad a = b + s·c over `footprint` bytes in all.
inline double cpu_triad(Context& device, double footprint) {
  const auto size = static_cast<std::int64_t>(footprint / 12.0);
  std::vector<float> a(size), b(size, 1.0f), c(size, 2.0f);
  const int rounds = static_cast<int>(std::max(1.0, 4e6 / footprint));  // long enough for timing
  const int threads = footprint < 64e3 ? 1 : device.threads();
  float scale = 0.5f;
  const double seconds = best_seconds(8, [&] {
#pragma omp parallel num_threads(threads)
    for (int round = 0; round < rounds; ++round) {
#pragma omp for simd schedule(static)
      for (std::int64_t i = 0; i < size; ++i) a[i] = b[i] + scale * c[i];
    }
    benchmark::DoNotOptimize(a.data());
  });
  end_openmp_threads();
  return footprint * rounds / seconds;
}

/// Bytes per second of a copy on the device that touches `footprint` bytes in all.
inline double gpu_copy(Context& device, double footprint) {
  const auto size = static_cast<std::int64_t>(footprint / 2.0);
  Buffer<std::byte> from(device, size), to(device, size);
  constexpr int kRounds = 20;
  // Recorded like a case's runs, so that the time of small copies is not the host's launch time.
  Graph copies = Graph::record(device, [&] {
    for (int round = 0; round < kRounds; ++round) device.copy_on_device(to.data(), from.data(), size);
  });
  const double seconds = best_seconds(8, [&] {
    copies.launch();
    device.synchronize();
  });
  return footprint * kRounds / seconds;
}

/// Bandwidth for a working set of about `footprint` bytes: the next power of two, at least 64 KiB.
inline double peak_bandwidth(Context& device, double footprint) {
  static std::map<int, double> measured;
  const int exponent = std::clamp<int>(std::bit_width(static_cast<std::uint64_t>(footprint)), 16, 30);
  const auto [entry, fresh] = measured.try_emplace(exponent, 0.0);
  if (fresh) {
    const double bytes = static_cast<double>(std::uint64_t{1} << exponent);
    entry->second = device.is_cuda() ? gpu_copy(device, bytes) : cpu_triad(device, bytes);
  }
  return entry->second;
}

}  // namespace elbo::bench
