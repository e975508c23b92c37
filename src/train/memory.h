#pragma once
// The memory of a training, computed before it is allocated.

#include "elbo/train.h"
#include "elbo/training_memory.h"
#include "model/state.h"

namespace elbo {

/// Throws OutOfMemoryError if the host cannot hold what train() with these arguments takes beside the memory
/// that the model has already.
void require_training_memory(const ModelState& model, const Dataset& data, const TrainOptions& options);

}  // namespace elbo
