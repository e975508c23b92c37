#pragma once
// Self-normalised importance weights, for host and device.

#include "math/host_device.h"

namespace elbo::math {

/// Weights below this count as 0. A float's sum with a weight of 1 does not change by them, and a gradient
/// times such a weight may be subnormal, which is slow on processors.
inline constexpr float kSmallestImportanceWeight = 1e-18f;

/// The normalised weight of a sample whose unnormalised weight is `part` of the total `sum`. NaN stays NaN.
ELBO_HD inline float importance_weight(float part, float sum) {
  const float weight = part / sum;
  return weight < kSmallestImportanceWeight ? 0.0f : weight;
}

}  // namespace elbo::math
