#include "vae/parts.h"

#include <utility>

namespace elbo {
namespace {

nn::NetworkPlan plan_of(const char* name, const std::vector<Layer>& layers, Activation activation,
                        std::vector<nn::NamedRows> heads) {
  nn::NetworkPlan plan{.name = name,
                       .setting = std::string("model.") + name,
                       .layers = {},
                       .activation = activation,
                       .heads = std::move(heads)};
  for (const Layer& layer : layers) plan.layers.push_back(layer.text());
  return plan;
}

}  // namespace

std::vector<std::pair<const nn::Network*, const char*>> VaeParts::networks() const {
  std::vector<std::pair<const nn::Network*, const char*>> all = {
      {&encoder, "model.encoder"}, {&decoder, "model.decoder"}, {&classifier, "model.classifier"}};
  const Prior* prior = latent->prior();
  if (prior && prior->network()) all.emplace_back(prior->network(), "model.prior_layers");
  return all;
}

void VaeParts::make_classifier(nn::Builder& builder, const ModelConfig& config) {
  const nn::Slot input = builder.detached(slots.input, "classifier.input");
  classifier = nn::make_network(builder, input,
                                plan_of("classifier", config.classifier, config.activation,
                                        {{"classifier.logits", config.condition_classes}}));
  slots.logits = classifier.output();
}

VaeParts::VaeParts(const ModelConfig& config, std::int64_t nll_parts) : plan({}) {
  nn::Builder builder;
  latent = make_latent(config);
  likelihood = make_likelihood(config);
  objective = make_objective(config);
  corruption = make_corruption(config.objective);
  input = likelihood->make_input(config);
  input->declare(builder, slots);
  condition = Condition(config);
  condition.declare(builder, slots);
  nn::NetworkPlan encoding = plan_of("encoder", config.encoder, config.activation, latent->heads());
  encoding.condition = slots.condition;
  encoder = nn::make_network(builder, slots.input, encoding);
  slots.head = encoder.output();
  latent->declare(builder, slots);
  if (auto bounds = latent->bound_head(slots.head)) encoder.append(std::move(bounds));
  nn::NetworkPlan decoding = plan_of("decoder", config.decoder, config.activation, likelihood->heads());
  decoding.picture = config.picture;
  decoding.condition = slots.condition;
  decoder = nn::make_network(builder, slots.z, decoding);
  slots.parameters = decoder.output();
  likelihood->declare(builder, slots, decoder.last().output_is_gemm() ? nll_parts : 1);
  if (config.infers_label) make_classifier(builder, config);
  objective->declare(builder, slots, config.latent);
  latent->declare_prior(builder, slots);
  layout = nn::ParameterLayout(builder.parameters(), builder.constants());
  plan = nn::Plan(builder.slots());
}

}  // namespace elbo
