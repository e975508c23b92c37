#pragma once
// The weight of the newest parameters in their running average.

#include <cstdint>

#include "math/host_device.h"

namespace elbo::math {

/// 1 − min(decay, (1 + t) / (10 + t)) at step t, counted from 1.
ELBO_HD inline float average_share(double decay, std::uint64_t step) {
  const double early = 9.0 / (10.0 + static_cast<double>(step)), late = 1.0 - decay;
  return static_cast<float>(early > late ? early : late);
}

}  // namespace elbo::math
