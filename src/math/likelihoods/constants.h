#pragma once
// What all likelihoods share.

#include "math/host_device.h"

namespace elbo {

/// Settings of a likelihood that are not predicted by the decoder.
struct LikelihoodConstants {
  float variance = 1.0f;            ///< σ² of the gaussian with fixed variance
  float min_log_variance = -10.0f;  ///< learned log-variances are clamped to this range,
  float max_log_variance = 10.0f;   ///< learned log-scales of densities to half of it
  float scale = 1.0f;               ///< b of the laplace with fixed scale
  /// log σ² of the gaussian whose values share one, where the likelihood is computed; null: log variance
  const float* log_variance = nullptr;
};

/// Which data a likelihood is a density or mass function of.
enum class Support {
  unit_interval,  ///< [0, 1]
  real            ///< every finite number
};

/// What a likelihood gives the probability of.
enum class Measure {
  outcomes,  ///< the values 0 and 1
  levels,    ///< the values n/255, n = 0 … 255
  density    ///< of a continuous value; −log p may be below 0
};

/// Values of Measure::levels.
inline constexpr int kLevels = 256;

/// Uniform noise is kept this far from 0 and 1 where their quantiles are infinite.
inline constexpr float kLeastNoise = 0x1p-25f;

/// ½ log 2π.
inline constexpr float kHalfLogTwoPi = 0.91893853320467f;
/// log 2.
inline constexpr float kLogTwo = 0.69314718055995f;

namespace math {

/// The likelihood with what it reads of the model, in place of what it was made from. Where it is computed.
template <class Likelihood>
ELBO_HD inline Likelihood settled(const Likelihood& likelihood) {
  if constexpr (requires { likelihood.settled(); }) {
    return likelihood.settled();
  } else {
    return likelihood;
  }
}

}  // namespace math
}  // namespace elbo
