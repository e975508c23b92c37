#pragma once
// The noise that a row of a CPU op draws.

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "math/philox.h"

namespace elbo::ops {

/// The noise of one example at one time, for one purpose (math/philox.h).
struct NoiseRow {
  std::uint64_t seed;
  std::uint64_t subsequence;
  std::uint64_t time;
};

/// The noise of a batch's row, on the host.
inline NoiseRow noise_row(const NoiseSource& noise, std::int64_t row) {
  return {noise.seed, math::noise_subsequence(noise.purpose, noise.example(row), noise.stream),
          noise.time ? *noise.time : 0};
}

/// Throws ShapeError unless an example has addresses for `samples` samples of `dimensions` numbers each.
inline void check_noise(const char* op, const NoiseSource& noise, std::int64_t samples,
                        std::int64_t dimensions) {
  ELBO_CHECK(
      noise.first_sample >= 0 &&
          (noise.first_sample + samples) * std::max<std::int64_t>(dimensions, 1) <= math::kNoiseDimensions,
      ShapeError, op, " was asked for ", samples, " samples of ", dimensions, " dimensions from number ",
      noise.first_sample, " on; noise has ", math::kNoiseDimensions, " addresses per example");
}

}  // namespace elbo::ops
