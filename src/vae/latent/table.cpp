// model.kind: the part between encoder and decoder.

#include "base/check.h"
#include "recipe/choices.h"
#include "vae/latent/latent.h"

namespace elbo {
namespace {

constexpr std::string_view kOfVae[] = {
    "model.prior",    "model.log_variance_bounds", "objective.kind",  "objective.samples",
    "objective.beta", "objective.warmup_epochs",   "objective.cycles"};
// Its bound sums over the classes, and is not combined with other priors and bounds.
constexpr std::string_view kOfM2[] = {"model.log_variance_bounds",  "objective.beta",
                                      "objective.warmup_epochs",    "objective.cycles",
                                      "model.classifier",           "objective.classifier_weight",
                                      "objective.classifier_alone", "data.labels",
                                      "train.labelled_rows",        "train.best_by"};
constexpr std::string_view kOfAutoencoder[] = {"objective.code_l1", "objective.code_l2"};

struct Row : Choice {
  std::unique_ptr<Latent> (*make)(const ModelConfig&);
};

constexpr Row kTable[] = {
    {{"vae", kOfVae}, make_gaussian_latent},
    {{"m2", kOfM2}, make_gaussian_latent},
    {{"autoencoder", kOfAutoencoder}, make_point_latent},
};

}  // namespace

std::span<const Choice> latent_choices() {
  static const std::vector<Choice> choices = choices_of(kTable);
  return choices;
}

std::unique_ptr<Latent> make_latent(const ModelConfig& config) {
  const Row* row = find_row(kTable, config.kind);
  if (!row) throw ConfigError(concat("model.kind = \"", config.kind, "\" is not known"));
  return row->make(config);
}

}  // namespace elbo
