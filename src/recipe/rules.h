#pragma once
// Rules for settings together, beyond the bounds of each.

#include "elbo/recipe.h"

namespace elbo {

/// Throws ConfigError naming the keys. The values must be within their own bounds.
void check_rules(const Recipe& recipe);

}  // namespace elbo
