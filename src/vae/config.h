#pragma once
// A model's settings with every name resolved, from which its parts are made.

#include <cstdint>
#include <string>
#include <vector>

#include "elbo/dataset.h"
#include "elbo/recipe.h"
#include "math/activation_kind.h"
#include "math/likelihoods/list.h"
#include "nn/initialization.h"

namespace elbo {

/// Settings resolved for data with `dims` values per row.
struct ModelConfig {
  std::int64_t dims = 0;
  PictureShape picture;      ///< a row's picture shape, if it is a picture
  std::string kind = "vae";  ///< model.kind: a line of the latents' table
  std::string prior = "normal";
  std::int64_t components = 500;  ///< components of a mixture prior
  double pseudo_inputs_sd = 0.05;
  std::vector<Layer> prior_layers;          ///< hidden layers of a conditional prior's network
  std::vector<double> log_variance_bounds;  ///< bounds for q(z|x): low and high; empty: none
  std::int64_t latent = 0;
  std::vector<Layer> encoder;  ///< hidden layers
  std::vector<Layer> decoder;
  std::int32_t condition_classes = 0;  ///< labels of a model conditioned on the label alone; 0: it is not
  /// The levels of each condition, 0 for a number, of a model conditioned on columns. Empty: it is not.
  std::vector<std::int32_t> condition_levels;
  bool infers_label = false;      ///< model.kind = "m2": it has a q(y|x) for labels that are not known
  std::vector<Layer> classifier;  ///< its hidden layers
  bool missing = false;           ///< batches have a mask of their present values
  bool encode_mask = false;       ///< the encoder reads the mask beside the values
  Activation activation = Activation::relu;
  std::string likelihood = "bernoulli";         ///< model.likelihood: a line of the likelihoods' table
  std::vector<std::string> column_likelihoods;  ///< of the mixed likelihood
  LikelihoodConstants constants;
  Initialization initialization = Initialization::pytorch;
  ObjectiveSettings objective;
};

/// Throws ConfigError on unknown names and impossible sizes. The objective is the ELBO.
ModelConfig resolve(const ModelSettings& settings, std::int64_t dims, const PictureShape& picture = {});
/// The same for a whole recipe, with its objective and its setting of missing values.
ModelConfig resolve(const Recipe& recipe, std::int64_t dims, const PictureShape& picture = {});

}  // namespace elbo
