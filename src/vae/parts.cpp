#include "vae/parts.h"

#include <utility>

namespace elbo {

VaeParts::VaeParts(const ModelConfig& config, std::int64_t nll_parts) : plan({}) {
  nn::Builder builder;
  latent = make_latent(config);
  likelihood = make_likelihood(config);
  objective = make_objective(config);
  corruption = make_corruption(config.objective);
  input = likelihood->make_input(config);
  input->declare(builder, slots);
  encoder =
      nn::make_network(builder, slots.input, "encoder", config.encoder, config.activation, latent->heads());
  slots.head = encoder.output();
  latent->declare(builder, slots);
  if (auto bounds = latent->bound_head(slots.head)) encoder.append(std::move(bounds));
  decoder =
      nn::make_network(builder, slots.z, "decoder", config.decoder, config.activation, likelihood->heads());
  slots.parameters = decoder.output();
  likelihood->declare(builder, slots, decoder.last().output_is_product() ? nll_parts : 1);
  objective->declare(builder, config.latent);
  layout = nn::ParameterLayout(builder.parameters());
  plan = nn::Plan(builder.slots());
}

}  // namespace elbo
