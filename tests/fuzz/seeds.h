#pragma once
// Small valid inputs of every target, made anew each time.

#include <map>
#include <string>
#include <vector>

#include "elbo/model.h"
#include "train/checkpoint.h"

namespace elbo::fuzz {

inline constexpr DataIdentity kCheckpointedData = {1, 2};
/// The model whose checkpoints the target "checkpoint" reads.
Model checkpointed_model();

/// Inputs by their target.
std::map<std::string, std::vector<std::string>> seeds();

}  // namespace elbo::fuzz
