#pragma once
// Importance-weighted estimates from samples of q(z|x): for each example, and of log p(x) on average.

#include <functional>

#include "elbo/evaluation.h"
#include "evaluation/evaluation_data.h"

namespace elbo {

/// The estimates for one example, in nats, from K samples z_k ~ q(z|x) with weights w_k = p(x, z_k) /
/// q(z_k|x).
struct ImportanceEstimate {
  double nll = 0.0;                ///< −log (1/K Σ_k w_k) (Burda et al. 2016, eq. 8)
  double reconstruction = 0.0;     ///< 1/K Σ_k −log p(x|z_k)
  double kl = 0.0;                 ///< KL(q(z|x) ‖ p(z)), estimated from these samples if it has no formula
  double effective_samples = 0.0;  ///< (Σ_k w_k)² / Σ_k w_k² (Kish 1965)
};

/// The rows and samples of each that an estimate's batch has.
struct ImportanceBatch {
  std::int64_t rows = 0;
  std::int64_t samples = 0;
};
/// For estimates from `samples` samples, with `budget` decoder rows at a time.
ImportanceBatch importance_batch(std::int64_t budget, std::int64_t samples);

/// Calls visit(i, estimate) for every example in order. The K samples come in chunks, and a running
/// log-sum-exp accumulates their log-weights, so memory does not grow with K. Throws ConfigError for an
/// autoencoder or if samples < 1, DataError if there are no examples.
void for_each_importance_estimate(const Vae& vae, const EvaluationData& data, std::int64_t samples,
                                  std::uint64_t seed,
                                  const std::function<void(std::int64_t, const ImportanceEstimate&)>& visit);

/// Averages over examples. Throws like for_each_importance_estimate.
NllEstimate importance_weighted_nll(const Vae& vae, const EvaluationData& data, std::int64_t samples,
                                    std::uint64_t seed);

}  // namespace elbo
