#pragma once
// Decides which epoch of a training is the best.

#include <cstdint>

#include "elbo/evaluation.h"
#include "evaluation/evaluation_data.h"

namespace elbo {

/// EpochMetrics::validation_objective for validation data whose ELBO is `terms`: its cost under the
/// objective's final weights. If the objective is a bound with several samples, `seed` draws them.
double validation_cost(const Vae& vae, std::uint64_t seed, const EvaluationData& data,
                       const ElboTerms& terms);

}  // namespace elbo
