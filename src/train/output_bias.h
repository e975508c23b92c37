#pragma once
// A start for the decoder's output that knows the data.

#include "elbo/dataset.h"
#include "model/state.h"

namespace elbo {

/// Sets decoder.output.bias so that, with no input, the likelihood's mean of each dimension is that of the
/// preprocessed training data; a mean in [0, 1] is kept within [0.001, 0.999] (Burda et al. 2016, in their
/// code). Of the categorical each class's bias is the log of how frequent it is, at least 0.001. Needs
/// state.standard_mean where the recipe standardizes. Throws ConfigError where the likelihood has no such
/// bias.
void set_output_bias(Model::State& state, const Examples& train);

}  // namespace elbo
