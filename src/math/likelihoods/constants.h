#pragma once
// Definitions shared by all likelihoods.

#include <cstdint>
#include <limits>

#include "math/host_device.h"

namespace elbo {

/// Settings of a likelihood that are not predicted by the decoder.
struct LikelihoodConstants {
  float variance = 1.0f;            ///< σ² of the gaussian with fixed variance
  float min_log_variance = -10.0f;  ///< learned log-variances are clamped to this range;
  float max_log_variance = 10.0f;   ///< learned log-scales of densities to half of it
  float scale = 1.0f;               ///< b of the Laplace density with fixed scale
  std::int32_t classes = 2;         ///< C of the categorical
  /// log σ² of gaussian-shared, in memory of the device that computes the likelihood; null: log variance
  const float* log_variance = nullptr;
};

/// The data on which a likelihood is a density or mass function.
enum class Support {
  unit_interval,  ///< [0, 1]
  unit_mean,      ///< every finite number, with a mean in [0, 1]: suits data in [0, 1]
  real,           ///< every finite number
  counts,         ///< the whole numbers from 0 to 2^24
  classes         ///< the whole numbers 0 … C − 1
};

/// The events to which a likelihood gives probabilities.
enum class Measure {
  outcomes,  ///< the values 0 and 1
  levels,    ///< the values n/255, n = 0 … 255
  density,   ///< a continuous value; −log p may be below 0
  counts,    ///< the whole numbers from 0 on
  classes,   ///< the values 0 … C − 1, which have no order
  columns    ///< each column's own
};

/// The number of levels of Measure::levels.
inline constexpr int kLevels = 256;

/// Maximum number of the categorical likelihood's classes. A float represents every class exactly.
inline constexpr std::int32_t kMaxClasses = 1024;

/// The largest count. A float represents every count up to it exactly.
inline constexpr float kMaxCount = 16777216.0f;

/// Uniform noise is kept this far from 0 and 1 if their quantiles are infinite.
inline constexpr float kMinNoise = 0x1p-25f;

/// The cost of a value that is not a number.
inline constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

/// ½ log 2π.
inline constexpr float kHalfLogTwoPi = 0.91893853320467f;
/// log 2.
inline constexpr float kLogTwo = 0.69314718055995f;

namespace math {

/// The likelihood with the constants it reads from the model's memory; called where the likelihood is
/// computed.
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
