#pragma once
// The likelihoods.
namespace elbo {
enum class LikelihoodKind { bernoulli, gaussian, gaussian_learned };
/// Settings of a likelihood that are not predicted by the decoder.
struct LikelihoodConstants {
  float variance = 1.0f;           ///< σ² of the gaussian with fixed variance
  float min_log_variance = -10.0f; ///< learned log-variances are clamped to this range
  float max_log_variance = 10.0f;
};
}  // namespace elbo
