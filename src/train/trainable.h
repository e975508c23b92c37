#pragma once
// Whether a model can be trained on data, asked before anything is written.

#include "elbo/dataset.h"
#include "elbo/model.h"

namespace elbo {

/// Throws ConfigError (train.patience without validation data, batches of one row
/// for layers that normalise by a batch), ShapeError (rows are not the model's),
/// DataError (data does not suit the likelihood, none to train on).
void check_trainable(const Model& model, const Dataset& data);

}  // namespace elbo
