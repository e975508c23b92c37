#pragma once
// A model's shape with every name resolved: what the network is built from.

#include <cstdint>
#include <vector>

#include "elbo/recipe.h"
#include "math/activation_kind.h"
#include "math/likelihoods/list.h"

namespace elbo {

enum class Initialization { pytorch, he, glorot };

/// ModelSettings resolved for data of `dims` values a row.
struct ModelConfig {
  std::int64_t dims = 0;
  std::int64_t latent = 0;
  std::vector<std::int64_t> encoder;  ///< hidden widths
  std::vector<std::int64_t> decoder;
  bool missing = false;     ///< batches come with a mask of their present values
  bool see_mask = false;    ///< the encoder sees it beside the values
  bool variational = true;  ///< false: an autoencoder, z = encoder(x), no prior
  Activation activation = Activation::relu;
  LikelihoodKind likelihood = LikelihoodKind::bernoulli;
  LikelihoodConstants constants;
  Initialization initialization = Initialization::pytorch;

  /// Whether the encoder reads one-hot classes (ops::one_hot) in the values' place.
  bool one_hot() const { return likelihood == LikelihoodKind::categorical; }
  /// Columns of the encoder's input that are the values'.
  std::int64_t values_width() const { return one_hot() ? constants.classes * dims : dims; }
  /// Columns of the encoder's input: those, and the mask's where it sees that.
  std::int64_t input_width() const { return see_mask ? values_width() + dims : values_width(); }
  /// Columns of the encoder's output: mean, and log-variance where there is one.
  std::int64_t head_width() const { return variational ? 2 * latent : latent; }
  /// Columns of the decoder's output: the likelihood's parameters per value, times the values.
  std::int64_t output_width() const;
};

/// Throws ConfigError on unknown names and impossible sizes.
ModelConfig resolve(const ModelSettings& settings, std::int64_t dims);
/// The same, for data whose values may be missing where the recipe says so.
ModelConfig resolve(const Recipe& recipe, std::int64_t dims);

}  // namespace elbo
