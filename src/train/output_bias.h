#pragma once
// A start for the decoder's output that knows the data.

#include <vector>

#include "elbo/dataset.h"
#include "model/state.h"

namespace elbo {

/// The decoder's output bias with which, at no input, the likelihood's mean of each dimension is that of the
/// preprocessed training data (Likelihood::output_bias). Throws ConfigError if the likelihood has no such
/// bias.
std::vector<float> output_bias_of(const Model::State& state, const Examples& train);

/// Sets the bias of the first of the decoder's output layers, the locations', to it.
void set_output_bias(Model::State& state, const std::vector<float>& bias);

}  // namespace elbo
