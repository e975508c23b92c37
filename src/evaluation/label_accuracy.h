#pragma once
// How often a model that infers labels finds the right one.

#include <optional>
#include <span>

#include "evaluation/evaluation_data.h"

namespace elbo {

/// The share of the examples with a label whose likeliest label by q(y|x) is theirs; nothing if none has one.
/// `labels` [n] are the examples' own, kNoLabel where one has none, or empty.
std::optional<double> label_accuracy(const Vae& vae, const EvaluationData& data,
                                     std::span<const std::int32_t> labels, const Workspace& workspace);

}  // namespace elbo
