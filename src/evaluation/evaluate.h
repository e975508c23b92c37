#pragma once
// What a model is worth on a whole split: its ELBO in its parts, squared error, active units.

#include "elbo/evaluation.h"
#include "evaluation/evaluation_data.h"

namespace elbo {

/// The unweighted ELBO with one sample of z per example, keyed by `seed` and the example's index alone: the
/// batch size changes nothing. Throws DataError on zero examples.
ElboTerms evaluate_elbo(const Vae& vae, const EvaluationData& data, std::uint64_t seed,
                        const Workspace& workspace);

/// All of Evaluation but the NLL, for `data`.
Evaluation evaluate_all(const Vae& vae, const EvaluationData& data, std::uint64_t seed);

}  // namespace elbo
