#pragma once
// What is behind elbo::Model.

#include <memory>
#include <span>
#include <vector>

#include "data/resident.h"
#include "elbo/model.h"
#include "vae/vae.h"
#include "ops/product_plan.h"

namespace elbo {

struct Model::State {
  Recipe recipe;
  PictureShape picture;
  /// On a GPU, once it was trained: by which plans its products run. Outlives the context that asks it.
  std::unique_ptr<ops::ProductChoices> product_choices;
  std::unique_ptr<Context> context;  // declared before what lives on it
  std::unique_ptr<Vae> vae;
  /// Per-dimension mean and deviation of the training data when data.standardize; else empty. Written by
  /// train(), stored with the model.
  std::vector<float> standard_mean;
  std::vector<float> standard_deviation;
  bool fresh = true;  ///< its parameters are as they were drawn: neither trained nor read from a file

  data::Standardization standardization() const { return {standard_mean, standard_deviation}; }

  /// Value j of a row as the decoder gives it, back in the scale of the data.
  float in_own_scale(double value, std::int64_t j) const;
  /// The same of whole rows, in place.
  void to_own_scale(std::span<float> rows) const;

  /// Products ask these from here on.
  void set_product_choices(std::unique_ptr<ops::ProductChoices> choices);

  /// A fresh model. Throws ConfigError or DeviceError.
  State(const Recipe& recipe, std::int64_t dims, Device device, PictureShape picture);
};

}  // namespace elbo
