#include "train/best_epoch.h"

#include <algorithm>
#include <cmath>

#include "evaluation/importance.h"

namespace elbo {

double validation_cost(const Vae& vae, const Recipe& recipe, const EvaluationData& data,
                       const ElboTerms& terms) {
  const ObjectiveSettings& settings = recipe.objective;
  // This bound may grow while the ELBO falls.
  if (resolve(settings).importance_weighted)
    return importance_weighted_nll(vae, data, settings.samples, recipe.train.seed).mean;
  const double kl = settings.capacity > 0.0 ? std::abs(terms.kl - settings.capacity) : terms.kl;
  return terms.reconstruction + settings.beta * kl;
}

std::int64_t epochs_until_settled(const Recipe& recipe) {
  const ObjectiveSettings& settings = recipe.objective;
  double rises = settings.warmup_epochs;
  if (settings.cycles > 0) {
    const auto cycles = static_cast<double>(settings.cycles);
    rises = (cycles - 1.0 + settings.rising_share) / cycles * static_cast<double>(recipe.train.epochs);
  }
  return static_cast<std::int64_t>(std::ceil(std::max(rises, settings.capacity_epochs)));
}

}  // namespace elbo
