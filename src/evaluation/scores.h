#pragma once
// Costs of each example.

#include "evaluation/evaluate.h"

namespace elbo {

/// See Model::scores.
ExampleScores example_scores(const Vae& vae, const EvaluationData& data, std::int64_t nll_samples,
                             std::uint64_t seed);

}  // namespace elbo
