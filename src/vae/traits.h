#pragma once
// The capabilities of a recipe's parts, known before there is a model.

#include <cstdint>

#include "elbo/recipe.h"

namespace elbo {

struct ModelTraits {
  bool has_prior = false;          ///< whether the model has a prior, and so a density over data
  bool has_unit_kl = false;        ///< whether each latent dimension has its own KL
  bool has_classes = false;        ///< whether values are classes, which have no order
  std::int64_t bound_samples = 0;  ///< Objective::bound_samples()
};

/// Throws ConfigError if a part is unknown.
ModelTraits traits_of(const Recipe& recipe);

}  // namespace elbo
