#pragma once
// What a training step minimises: objective.* of a recipe.

#include "elbo/recipe.h"

namespace elbo {

/// The mean over the rows of a step of nll + β·KL, averaged over K samples, or of the negative importance-weighted
/// bound −log(1/K Σ_k exp(−nll_k − β·log_ratio_k)) (Burda et al. 2016, eq. 8).
struct Objective {
  const float* kl_weight = nullptr;  ///< β, in device memory; null: 1
  bool importance_weighted = false;
};

inline Objective resolve(const ObjectiveSettings& settings) {
  return {.kl_weight = nullptr, .importance_weighted = settings.kind == "iwae"};
}

}  // namespace elbo
