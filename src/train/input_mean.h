#pragma once
// The mean of the encoder's input over the training data.

#include <vector>

#include "data/resident.h"
#include "elbo/dataset.h"
#include "model/state.h"

namespace elbo {

/// The mean of each column of the encoder's input over the preprocessed training data, or over evenly spaced
/// examples if there are very many. Waits for the device. Throws DeviceError (out of memory).
std::vector<float> input_mean(const ModelState& model, const data::Standardization& statistics,
                              const Examples& train);

}  // namespace elbo
