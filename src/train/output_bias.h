#pragma once
// An initial bias of the decoder's output from the data.

#include <vector>

#include "elbo/dataset.h"
#include "model/state.h"

namespace elbo {

/// The decoder's output bias for which, at zero input, the likelihood's mean of each dimension equals the
/// mean of the preprocessed training data (Likelihood::output_bias). Throws ConfigError if the likelihood has
/// no such bias.
std::vector<float> output_bias_of(const ModelState& state, const Examples& train);

/// Sets the bias of the decoder's first output layer, which gives the locations.
void set_output_bias(ModelState& state, const std::vector<float>& bias);

}  // namespace elbo
