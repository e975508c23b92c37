#pragma once
// What a recipe's model can do, known before there is a model.

#include <cstdint>

#include "elbo/export.h"
#include "elbo/recipe.h"

namespace elbo {

struct ModelTraits {
  bool has_prior = false;    ///< whether there is a prior, and so a density over data; no autoencoder has one
  bool has_unit_kl = false;  ///< whether each latent dimension has its own KL
  bool has_classes = false;  ///< whether values are classes, which have no order
  bool infers_label = false;  ///< whether it infers labels, and classifies examples by them
  bool has_columns = false;   ///< whether each column of a table has a likelihood of its own
  /// Samples of the bound that a training maximises, if the bound is importance-weighted; else 0.
  std::int64_t bound_samples = 0;
};

/// Throws ConfigError if the recipe is not valid.
ELBO_API ModelTraits traits_of(const Recipe& recipe);

}  // namespace elbo
