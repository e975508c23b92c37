#pragma once
// Evaluation of a model on a whole split: the ELBO and its parts, squared error, active units.

#include "elbo/evaluation.h"
#include "evaluation/evaluation_data.h"

namespace elbo {

/// The unweighted ELBO with one sample of z per example, keyed by `seed` and the example's index alone, so
/// the batch size does not matter. Throws DataError if there are no examples.
/// A model that infers labels is evaluated over all of them if the workspace is made for that
/// (Purpose::bound), whether or not an example has one. `examples`, unless null, gets each example's ELBO.
ElboTerms evaluate_elbo(const Vae& vae, const EvaluationData& data, std::uint64_t seed,
                        const Workspace& workspace, std::vector<double>* examples = nullptr);

/// Computes all of Evaluation but the NLL.
Evaluation evaluate_all(const Vae& vae, const EvaluationData& data, std::uint64_t seed);

}  // namespace elbo
