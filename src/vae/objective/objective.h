#pragma once
// What a training step minimises: objective.* of a recipe.

#include "elbo/recipe.h"
#include "ops/code_penalty.h"
#include "ops/corrupt.h"

namespace elbo {

/// The mean over a step's rows of nll + β·KL, averaged over K samples, or of −log(1/K Σ_k exp(−nll_k −
/// β·log_ratio_k)), the negative importance-weighted bound (Burda et al. 2016, eq. 8). Free bits or a
/// capacity change the KL's cost in the former (ops/kl_objective.h); an autoencoder's code may cost
/// something.
struct Objective {
  const float* kl_weight = nullptr;  ///< β, in device memory; null: 1
  bool importance_weighted = false;
  float free_nats = 0.0f;  ///< of each latent dimension's KL; 0: none
  bool has_capacity = false;
  const float* capacity = nullptr;  ///< C, in device memory, where the objective has one
  ops::CodePenalty code = {};
  ops::Corruption corruption = ops::Corruption::none;  ///< of what the encoder sees
  float corruption_amount = 0.0f;

  bool penalizes_code() const { return code.l1 > 0.0f || code.l2 > 0.0f; }
  bool corrupts() const { return corruption != ops::Corruption::none; }
};

/// Its device pointers are left for the caller.
Objective resolve(const ObjectiveSettings& settings);

}  // namespace elbo
