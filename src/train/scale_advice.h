#pragma once
// What a training is told whose first cost is not finite.

#include <optional>
#include <string>

#include "elbo/dataset.h"
#include "elbo/recipe.h"

namespace elbo {

/// That the data is too large in scale, with its largest value and that value's column, and what to set;
/// nothing if its scale is no reason.
std::optional<std::string> scale_advice(const Recipe& recipe, const Dataset& data);

}  // namespace elbo
