#pragma once
// Which epoch of a training is the best, and from when on that can be told.

#include <cstdint>

#include "model/evaluate.h"

namespace elbo {

/// What validation data costs by the objective as it is at the training's end, nats per example, from its
/// `terms`: reconstruction + β·KL, or with a capacity + β·|KL − C|; with objective.kind = "iwae" −log of the
/// importance-weighted bound by objective.samples samples (Burda et al. 2016, eq. 8), since that may grow
/// while the ELBO falls. Free bits and what a code costs are left out.
double validation_cost(const Vae& vae, const Recipe& recipe, const EvaluationData& data,
                       const ElboTerms& terms);

/// The epochs after which the objective no longer changes: the KL's weight and capacity have risen, of cycles
/// for the last time.
std::int64_t epochs_until_settled(const Recipe& recipe);

}  // namespace elbo
