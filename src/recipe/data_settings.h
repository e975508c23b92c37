#pragma once
// data.* of a recipe in the terms of src/data.

#include "data/check.h"
#include "elbo/recipe.h"
#include "math/likelihoods/list.h"
#include "ops/gather_batch.h"

namespace elbo {

/// Throws ConfigError on an unknown data.binarize.
ops::Binarize binarization(const DataSettings& settings);

/// The values that data may have, before preprocessing, to be trained on with a likelihood: its support, grey
/// values included for bernoulli, and [0, 1] where its mean cannot be elsewhere; [0, 1] where they are
/// probabilities to resample from; any where they are compared with the threshold anyway. NaN where the
/// settings have missing values. `constants` say how many classes there are.
data::ValueRange value_range(LikelihoodKind kind, const DataSettings& settings = {},
                             const LikelihoodConstants& constants = {});

}  // namespace elbo
