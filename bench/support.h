#pragma once
// Runs the cases of tests/cases as benchmarks and reports how close each comes to the machine's limit.
//
// The device is $ELBO_BENCH_DEVICE (auto if unset). The roofline of a case is the larger of flops / peak
// flops and bytes / peak bandwidth. Both peaks are measured once per process, the bandwidth at the case's own
// footprint, so that data that fits a cache is compared with the cache's speed. $ELBO_PEAK_GFLOPS overrides
// peak flops.

#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <string>

#include "bench_peaks.h"
#include "runtime/cuda_api.h"
#include "support/op_case.h"

namespace elbo::bench {

/// One case's run, kept over Google Benchmark's trials. On a GPU one graph records many runs, and the
/// device's clock times it, so that the host's time to launch it does not count.
template <test::OpCase Case>
class Runner {
 public:
  Runner(Context& context, const Case& op_case) : context_(context), run_(context) {
    op_case.bind(run_);
    if (context_.is_cuda()) {
      repeated_ = cuda::repeated(context_.cuda(), [this] { run_.run(); });
    } else {
      run_.run();  // the first run prepares primitives
    }
  }

  /// Measures the seconds of one run.
  double measure() {
    if (repeated_.graph)
      return cuda::seconds_of_launch(context_.cuda(), *repeated_.graph) / repeated_.repeats;
    const double begin = now();
    run_.run();
    return now() - begin;
  }

 private:
  Context& context_;
  test::OpRun run_;
  cuda::RepeatedWork repeated_;
};

/// Names, once at the head of the output, the product that measures the peak.
inline void say_yardstick() {
  static const bool said = [] {
    benchmark::AddCustomContext("peak of products", yardstick(bench_device()));
    return true;
  }();
  static_cast<void>(said);
}

/// Registers "op/case": time of one run, TFLOP/s, GB/s and the share of the roofline, by the median of the
/// trials; and `counters`. A case with a precision is compared with that precision's peak.
template <test::OpCase Case>
void add(const std::string& op, const Case& op_case, const std::map<std::string, double>& counters = {}) {
  say_yardstick();
  benchmark::RegisterBenchmark((op + "/" + op_case.name()).c_str(),
                               [op_case, counters](benchmark::State& state) {
                                 Context& device = context();
                                 Precision precision = device.precision();
                                 if constexpr (requires { op_case.precision; }) precision = op_case.precision;
                                 const PrecisionScope scope(device, precision);
                                 Runner<Case> runner(device, op_case);
                                 std::vector<double> seconds;
                                 for (auto _ : state) {
                                   seconds.push_back(runner.measure());
                                   state.SetIterationTime(seconds.back());
                                 }
                                 const double time = median(seconds);
                                 const double peak = peak_flops(device);
                                 const double ceiling =
                                     std::max(peak > 0.0 ? op_case.flops() / peak : 0.0,
                                              op_case.bytes() / peak_bandwidth(device, op_case.bytes()));
                                 for (const auto& [name, value] : counters) state.counters[name] = value;
                                 state.counters["median_us"] = 1e6 * time;
                                 if (op_case.flops() > 0)
                                   state.counters["TFLOP/s"] = op_case.flops() / time * 1e-12;
                                 state.counters["GB/s"] = op_case.bytes() / time * 1e-9;
                                 state.counters["roofline_%"] = 100.0 * ceiling / time;
                               })
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace elbo::bench
