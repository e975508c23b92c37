#pragma once
// The variance that a gaussian likelihood shares among all values, as training follows it.

#include <cmath>

#include "math/likelihoods/constants.h"
#include "math/running_average.h"

namespace elbo::math {

/// log σ² does not go below this, where data are reproduced to the last bits.
inline constexpr double kLeastLogVariance = -20.0;
/// Of a running average over some hundred steps.
inline constexpr double kVarianceDecay = 0.99;

/// Σ (x − μ)² of values whose costs Σ −log N(x; μ, exp s) are `nll`.
ELBO_HD inline double squared_errors(double nll, double values, double log_variance) {
  return 2.0 * std::exp(log_variance) * (nll - values * (double{kHalfLogTwoPi} + 0.5 * log_variance));
}

/// log σ² after step `step`, from 1: σ² moves towards the mean of the squared errors, the variance that
/// maximises the likelihood of `values` values, by a share that is large at first. It stays without values.
ELBO_HD inline float moved_log_variance(float log_variance, double squared_errors, double values,
                                        std::uint64_t step) {
  if (values == 0.0) return log_variance;
  const double share = average_share(kVarianceDecay, step);
  const double variance =
      (1.0 - share) * std::exp(static_cast<double>(log_variance)) + share * squared_errors / values;
  const double moved = std::log(variance);
  // Rounding can leave errors a little below 0. What is NaN stays NaN.
  return static_cast<float>(moved < kLeastLogVariance || variance <= 0.0 ? kLeastLogVariance : moved);
}

}  // namespace elbo::math
