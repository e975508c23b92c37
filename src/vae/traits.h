#pragma once
// What the parts that a recipe names can do, told before there is a model.

#include <cstdint>

#include "elbo/recipe.h"

namespace elbo {

struct ModelTraits {
  bool has_prior = false;          ///< and so a density over data
  bool has_unit_kl = false;        ///< and a KL of each latent dimension
  bool has_classes = false;        ///< values are classes, which have no order
  std::int64_t bound_samples = 0;  ///< Objective::bound_samples()
};

/// Throws ConfigError if a part is not known.
ModelTraits traits_of(const Recipe& recipe);

}  // namespace elbo
