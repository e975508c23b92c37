#pragma once
// Costs of each example.

#include "elbo/evaluation.h"
#include "evaluation/evaluation_data.h"

namespace elbo {

/// Each example's squared error, with z the posterior mean, in the model's scale.
std::vector<double> example_squared_errors(const Vae& vae, const EvaluationData& data);

/// See Model::scores.
ExampleScores example_scores(const Vae& vae, const EvaluationData& data, std::int64_t nll_samples,
                             std::uint64_t seed);

}  // namespace elbo
