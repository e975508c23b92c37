#pragma once
// A model's shape with every name resolved: what its parts are made from.

#include <cstdint>
#include <string>
#include <vector>

#include "elbo/dataset.h"
#include "elbo/recipe.h"
#include "math/activation_kind.h"
#include "math/likelihoods/list.h"
#include "nn/initialization.h"

namespace elbo {

/// Settings resolved for data of `dims` values a row.
struct ModelConfig {
  std::int64_t dims = 0;
  PictureShape picture;      ///< that a row is, where it is one
  std::string kind = "vae";  ///< model.kind: a line of the latents' table
  std::string prior = "normal";
  std::int64_t components = 500;  ///< of a prior that is a mixture
  double pseudo_inputs_sd = 0.05;
  std::vector<double> log_variance_bounds;  ///< of q(z|x): low and high; empty: none
  std::int64_t latent = 0;
  std::vector<Layer> encoder;  ///< hidden layers
  std::vector<Layer> decoder;
  bool missing = false;      ///< batches come with a mask of their present values
  bool encode_mask = false;  ///< the encoder sees it beside the values
  Activation activation = Activation::relu;
  LikelihoodKind likelihood = LikelihoodKind::bernoulli;
  LikelihoodConstants constants;
  nn::Initialization initialization = nn::Initialization::pytorch;
  ObjectiveSettings objective;
};

/// Throws ConfigError on unknown names and impossible sizes. The objective is the ELBO.
ModelConfig resolve(const ModelSettings& settings, std::int64_t dims, const PictureShape& picture = {});
/// The whole recipe: the same with its objective, for data whose values may be missing where it says so.
ModelConfig resolve(const Recipe& recipe, std::int64_t dims, const PictureShape& picture = {});

}  // namespace elbo
