#pragma once
// Self-normalised importance weights, for host and device.

#include "math/host_device.h"

namespace elbo::math {

/// Below this a weight is 0: beside a weight of 1 a float's sum does not see it, and a gradient times it may
/// be no normal number, with which processors are slow.
inline constexpr float kSmallestImportanceWeight = 1e-18f;

/// The weight of a sample whose unnormalised one is `part` of `sum`. NaN stays NaN.
ELBO_HD inline float importance_weight(float part, float sum) {
  const float weight = part / sum;
  return weight < kSmallestImportanceWeight ? 0.0f : weight;
}

}  // namespace elbo::math
