#pragma once
// What all likelihoods share.

namespace elbo {

/// Settings of a likelihood that are not predicted by the decoder.
struct LikelihoodConstants {
  float variance = 1.0f;            ///< σ² of the gaussian with fixed variance
  float min_log_variance = -10.0f;  ///< learned log-variances are clamped to this range
  float max_log_variance = 10.0f;
};

/// Which data a likelihood is a density or mass function of.
enum class Support {
  unit_interval,  ///< [0, 1]
  real            ///< every finite number
};

/// ½ log 2π.
inline constexpr float kHalfLogTwoPi = 0.91893853320467f;

}  // namespace elbo
