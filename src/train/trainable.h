#pragma once
// Checks whether a model can be trained on data, before anything is written.

#include "elbo/dataset.h"
#include "elbo/model.h"

namespace elbo {

/// Throws ConfigError (train.patience without validation data, batches of one row with batch normalisation),
/// ShapeError (the rows' width is not the model's), DataError (data does not suit the likelihood, no training
/// data).
void check_trainable(const Model& model, const Dataset& data);

}  // namespace elbo
