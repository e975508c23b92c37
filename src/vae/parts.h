#pragma once
// The parts of a model, made and connected before it is on any device.

#include <memory>
#include <utility>
#include <vector>

#include "nn/network.h"
#include "vae/input/input.h"
#include "vae/latent/latent.h"
#include "vae/likelihood/likelihood.h"
#include "vae/objective/objective.h"

namespace elbo {

struct VaeParts {
  std::unique_ptr<Input> input;
  Condition condition;
  nn::Network encoder;
  nn::Network classifier;  ///< q(y|x); empty unless the model infers labels
  std::unique_ptr<Latent> latent;
  nn::Network decoder;
  std::unique_ptr<Likelihood> likelihood;
  std::unique_ptr<Objective> objective;
  Corruption corruption;
  BatchSlots slots;
  nn::ParameterLayout layout;
  nn::Plan plan;

  /// `nll_parts`: see Likelihood::declare(); parameters do not depend on it. Throws ConfigError.
  explicit VaeParts(const ModelConfig& config, std::int64_t nll_parts = 1);
  VaeParts(const VaeParts&) = delete;  // batches point into it
  VaeParts& operator=(const VaeParts&) = delete;

  /// The networks, with the settings that list their layers.
  std::vector<std::pair<const nn::Network*, const char*>> networks() const;

 private:
  void make_classifier(nn::Builder& builder, const ModelConfig& config);
};

}  // namespace elbo
