#pragma once
// q(y|x) of a model that infers labels, and what follows from it.

#include <cstdint>
#include <span>
#include <vector>

#include "elbo/evaluation.h"
#include "model/stored_batches.h"

namespace elbo {

/// q(y|x) [n, C] of each example.
Table label_probabilities(const Vae& vae, const StoredBatches& batches);

/// The likeliest label of each row, the lowest on a tie.
std::vector<std::int32_t> likeliest_labels(const Table& probabilities);

/// −log p(x) = −log Σ_y p(y) p(x|y), each p(x|y) from `samples` importance-weighted samples. Throws like
/// importance_weighted_nll.
NllEstimate nll_over_labels(const ModelState& state, const Examples& examples, std::int64_t samples,
                            std::uint64_t seed);

}  // namespace elbo
