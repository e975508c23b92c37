// model.kind: what stands between encoder and decoder.

#include "recipe/choices.h"

namespace elbo {
namespace {

constexpr std::string_view kOfVae[] = {"model.prior",    "objective.kind",          "objective.samples",
                                       "objective.beta", "objective.warmup_epochs", "objective.cycles"};
constexpr std::string_view kOfAutoencoder[] = {"objective.code_l1", "objective.code_l2"};

constexpr Choice kLatents[] = {{"vae", kOfVae}, {"autoencoder", kOfAutoencoder}};

}  // namespace

std::span<const Choice> latent_choices() {
  return kLatents;
}

}  // namespace elbo
