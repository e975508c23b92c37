#pragma once
// Which epoch of a training is the best, and from when on that can be told.

#include <cstdint>

#include "evaluation/evaluate.h"

namespace elbo {

/// EpochMetrics::validation_objective of validation data whose costs are `terms`.
double validation_cost(const Vae& vae, const Recipe& recipe, const EvaluationData& data,
                       const ElboTerms& terms);

/// The epochs after which the objective no longer changes: the KL's weight and capacity have risen, of cycles
/// for the last time.
std::int64_t epochs_until_settled(const Recipe& recipe);

}  // namespace elbo
