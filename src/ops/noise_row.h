#pragma once
// Which noise a row of a CPU op draws.

#include <cstdint>

namespace elbo::ops {

/// The noise of one example at one time, for one purpose (math/philox.h).
struct NoiseRow {
  std::uint64_t seed;
  std::uint64_t subsequence;
  std::uint64_t time;
};

}  // namespace elbo::ops
