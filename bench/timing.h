#pragma once
// Timing for benchmarks.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace elbo::bench {

/// Seconds on a monotonic clock.
inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The fastest of a few calls, after one to warm up.
template <class Work>
double best_seconds(int trials, Work work) {
  work();
  double best = 1e300;
  for (int i = 0; i < trials; ++i) {
    const double begin = now();
    work();
    best = std::min(best, now() - begin);
  }
  return best;
}

}  // namespace elbo::bench
