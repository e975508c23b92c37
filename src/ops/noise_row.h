#pragma once
// Which noise a row of a CPU op draws.

#include <cstdint>

#include "math/philox.h"

namespace elbo::ops {

/// The noise of one example at one time, for one purpose (math/philox.h).
struct NoiseRow {
  std::uint64_t seed;
  std::uint64_t subsequence;
  std::uint64_t time;
};

/// Of a batch's row, on the host.
inline NoiseRow noise_row(const NoiseSource& noise, std::int64_t row) {
  return {noise.seed, math::noise_subsequence(noise.purpose, noise.examples ? noise.examples[row] : row),
          noise.time ? *noise.time : 0};
}

}  // namespace elbo::ops
