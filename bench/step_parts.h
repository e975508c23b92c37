#pragma once
// The time of a training step's parts.

#include <cstdio>
#include <functional>
#include <utility>
#include <vector>

#include "bench_peaks.h"
#include "runtime/graph.h"
#include "step_training.h"

namespace elbo::bench {

/// The mean seconds of `work` over `count` runs in a row. On a GPU, runs are launches of a recorded graph.
inline double seconds_each(Context& device, int count, const std::function<void()>& work) {
  Graph graph = Graph::record(device, work);
  graph.launch();
  device.synchronize();
  const double begin = now();
  for (int i = 0; i < count; ++i) graph.launch();
  device.synchronize();
  return (now() - begin) / count;
}

using Part = std::pair<const char*, std::function<void()>>;

/// Times each part within a step on the CPU, with its operands as cold as there.
inline void report_in_step(const std::vector<Part>& parts, Training& training, int steps, int repeats) {
  std::vector<std::vector<double>> seconds(parts.size());
  for (int repeat = 0; repeat < repeats; ++repeat) {
    training.begin_parts();
    for (int step = 0; step < steps; ++step) {
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const double begin = now();
        parts[i].second();
        seconds[i].push_back(now() - begin);
      }
    }
  }
  std::printf("in the step:\n");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::printf("  %-22s %9.1f us\n", parts[i].first, 1e6 * median(seconds[i]));
  }
}

/// Times each part alone and repeatedly, with its operands in the nearest cache that holds them.
inline void report_alone(const std::vector<Part>& parts, Training& training, int steps, int repeats) {
  std::printf("alone:\n");
  for (const auto& [name, work] : parts) {
    std::vector<double> seconds;
    for (int i = 0; i < repeats; ++i) {
      training.begin_parts();
      seconds.push_back(seconds_each(training.device(), steps, work));
    }
    std::printf("  %-22s %9.1f us\n", name, 1e6 * median(seconds));
  }
}

inline void report_parts(Training& training, int steps, int repeats) {
  const Part advance = {"advance", [&] { training.advance(); }};
  const Part gather = {"gather", [&] { training.gather(); }};
  const Part encode = {"encode", [&] { training.encode(); }};
  const Part sample = {"reparameterize", [&] { training.sample(); }};
  const Part decode = {"decode", [&] { training.decode(); }};
  const Part score = {"likelihood", [&] { training.score(); }};
  const Part all = {"forward and backward", [&] { training.forward_backward(); }};
  const Part record = {"record loss", [&] { training.record(); }};
  const Part adam = {"adam", [&] { training.adam(); }};
  if (!training.device().is_cuda())
    report_in_step({advance, gather, all, record, adam}, training, steps, repeats);
  report_alone({gather, encode, sample, decode, score, all, record, adam}, training, steps, repeats);
}

}  // namespace elbo::bench
