#include "train/best_epoch.h"

#include "evaluation/importance.h"

namespace elbo {

double validation_cost(const Vae& vae, std::uint64_t seed, const EvaluationData& data,
                       const ElboTerms& terms) {
  const Objective& objective = vae.objective();
  const std::int64_t samples = objective.bound_samples();
  return samples > 0 ? importance_weighted_nll(vae, data, samples, seed).mean
                     : objective.terms_cost(terms.reconstruction, terms.kl);
}

}  // namespace elbo
