#pragma once
// The update of the one variance that gaussian-shared has for all values.

#include <cmath>

#include "math/likelihoods/constants.h"
#include "math/running_average.h"

namespace elbo::math {

/// Lower bound of log σ², for data that the model reproduces to the last bits.
inline constexpr double kMinLogVariance = -20.0;
/// Decay of the running average: it covers some hundred steps.
inline constexpr double kVarianceDecay = 0.99;

/// Σ (x − μ)² of values whose total cost Σ −log N(x; μ, exp s) is `nll`.
ELBO_HD inline double squared_errors(double nll, double values, double log_variance) {
  return 2.0 * std::exp(log_variance) * (nll - values * (double{kHalfLogTwoPi} + 0.5 * log_variance));
}

/// log σ² after step `step`, counted from 1. σ² moves towards the mean squared error of the `values` values,
/// which maximises their likelihood, by a share that is large at first. Without values it stays.
ELBO_HD inline float moved_log_variance(float log_variance, double squared_errors, double values,
                                        std::uint64_t step) {
  if (values == 0.0) return log_variance;
  const double share = average_share(kVarianceDecay, step);
  const double variance =
      (1.0 - share) * std::exp(static_cast<double>(log_variance)) + share * squared_errors / values;
  const double moved = std::log(variance);
  // Rounding can leave errors a little below 0. NaN stays NaN.
  return static_cast<float>(moved < kMinLogVariance || variance <= 0.0 ? kMinLogVariance : moved);
}

}  // namespace elbo::math
