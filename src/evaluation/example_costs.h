#pragma once
// The cost of each value of each example.

#include "elbo/dataset.h"
#include "evaluation/evaluation_data.h"

namespace elbo {

/// See Model::value_costs.
Table example_value_costs(const Vae& vae, const EvaluationData& data, std::int64_t samples,
                          std::uint64_t seed);

}  // namespace elbo
