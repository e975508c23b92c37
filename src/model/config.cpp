#include "model/config.h"

#include "runtime/check.h"

namespace elbo {

std::int64_t ModelConfig::output_width() const {
  return dims * likelihood_parameters(likelihood);
}

ModelConfig resolve(const ModelSettings& settings, std::int64_t dims) {
  if (dims < 1) throw ConfigError(concat("a model needs rows of at least one value, not ", dims));
  ModelConfig config;
  config.dims = dims;
  config.latent = settings.latent;
  config.encoder = settings.encoder;
  config.decoder = settings.decoder;
  config.variational = settings.kind == "vae";
  config.activation = parse_activation(settings.activation);
  config.likelihood = parse_likelihood(settings.likelihood);
  config.constants.variance = static_cast<float>(settings.variance);
  config.initialization = settings.initialization == "he" ? Initialization::he : Initialization::pytorch;
  return config;
}

}  // namespace elbo
