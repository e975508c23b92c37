#pragma once
// What is behind elbo::Model.

#include <memory>
#include <vector>

#include "elbo/model.h"
#include "model/vae.h"

namespace elbo {

struct Model::State {
  Recipe recipe;
  PictureShape picture;
  std::unique_ptr<Context> context;  // declared before what lives on it
  std::unique_ptr<Vae> vae;
  /// Per-dimension mean and deviation of the training data when data.standardize; else empty. Written by
  /// train(), stored with the model.
  std::vector<float> standard_mean;
  std::vector<float> standard_deviation;

  /// Σ_j log σ_j: what a density of standardised data lacks to be one of the data itself, in nats. 0 without.
  double log_volume() const;

  /// A fresh model. Throws ConfigError or DeviceError.
  State(const Recipe& recipe, std::int64_t dims, Device device, PictureShape picture);
};

}  // namespace elbo
