#pragma once
// Which epoch of a training is the best.

#include <cstdint>

#include "elbo/evaluation.h"
#include "evaluation/evaluation_data.h"

namespace elbo {

/// EpochMetrics::validation_objective of validation data whose ELBO is `terms`: what the objective, in its
/// final form, makes of it. Where that is a bound of several samples, they are drawn by `seed`.
double validation_cost(const Vae& vae, std::uint64_t seed, const EvaluationData& data,
                       const ElboTerms& terms);

}  // namespace elbo
