// Normalised activations (Ioffe & Szegedy 2015; Ba, Kiros & Hinton 2016; Wu & He 2018); a formula header, see
// math/formula.h.
#if !defined(ELBO_MATH_NORMALIZATION_H) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_NORMALIZATION_H

#include "math/elementary.h"

namespace ELBO_FORMULAS {

/// x̂ = (x − μ) r with r = 1/√(σ² + ε).
template <class V>
ELBO_HD inline V normalized(V x, V mean, V rstd) {
  return (x - mean) * rstd;
}

/// ∂f/∂x from g = ∂f/∂x̂, given the means of g and of g·x̂ over the values that μ and σ² are computed from;
/// both means are 0 if μ and σ² are constants.
template <class V>
ELBO_HD inline V normalized_gradient(V g, V normalized, V rstd, V mean_g, V mean_product) {
  return rstd * (g - mean_g - normalized * mean_product);
}

#ifndef ELBO_VECTOR_PASS

/// Sums over the N positions of a batch are divided into consecutive parts, at most kNormParts.
inline constexpr std::int64_t kNormParts = 64;
ELBO_HD constexpr std::int64_t norm_parts(std::int64_t positions) {
  const std::int64_t parts = positions / 16;
  return parts < 1 ? 1 : parts < kNormParts ? parts : kNormParts;
}
/// The first position of part `index` of `count`.
ELBO_HD constexpr std::int64_t norm_part_begin(std::int64_t positions, std::int64_t index,
                                               std::int64_t count) {
  return positions / count * index + positions % count * index / count;
}

/// A channel's statistics over `count` values: their mean, and the sum of squared differences from it.
struct Moments {
  double count, mean, squares;
};

/// Updates a channel's running statistics by a batch: running ← (1 − momentum) · running + momentum ·
/// batch's, with the unbiased variance, as in PyTorch. If the batch's statistics are not finite, the running
/// ones stay.
ELBO_HD inline void move_running(float& mean, float& variance, const Moments& batch, float momentum) {
  constexpr double kLargest = 3.4e38;
  const double unbiased = batch.squares / (batch.count - 1.0);
  if (!(abs(batch.mean) < kLargest && unbiased < kLargest)) return;
  const auto share = static_cast<double>(momentum);
  mean = static_cast<float>((1.0 - share) * static_cast<double>(mean) + share * batch.mean);
  variance = static_cast<float>((1.0 - share) * static_cast<double>(variance) + share * unbiased);
}

/// 1/√(σ² + ε).
ELBO_HD inline float rstd_of(double variance, float epsilon) {
  return static_cast<float>(1.0 / sqrt(variance + static_cast<double>(epsilon)));
}

#endif

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_NORMALIZATION_H
