#pragma once
// Translates a recipe's data.* for src/data.

#include "data/check.h"
#include "elbo/recipe.h"
#include "math/likelihoods/list.h"

namespace elbo {

/// The allowed values of data, before preprocessing, for training with a likelihood. It is the likelihood's
/// support, including grey values for bernoulli, or [0, 1] if its mean must be there. With data.binarize =
/// "dynamic" it is [0, 1], as values are probabilities; with "threshold" any value is allowed. NaN is
/// allowed if the settings allow missing values. `constants` has the number of classes.
data::ValueRange value_range(LikelihoodKind kind, const DataSettings& settings = {},
                             const LikelihoodConstants& constants = {});

}  // namespace elbo
