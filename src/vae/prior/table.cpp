// model.prior: p(z).

#include "base/check.h"
#include "recipe/choices.h"
#include "vae/prior/prior.h"

namespace elbo {
namespace {

constexpr std::string_view kOfConditional[] = {"model.prior_layers"};
constexpr std::string_view kOfMixture[] = {"model.components"};
constexpr std::string_view kOfVamp[] = {"model.components", "model.pseudo_inputs_sd"};

struct Row : Choice {
  std::unique_ptr<Prior> (*make)(const ModelConfig&);
};

constexpr Row kTable[] = {
    {{"normal"}, make_standard_normal},
    {{"conditional", kOfConditional}, make_conditional},
    {{"mixture", kOfMixture}, make_mixture},
    {{"vamp", kOfVamp}, make_vamp},
};

}  // namespace

std::span<const Choice> prior_choices() {
  static const std::vector<Choice> choices = choices_of(kTable);
  return choices;
}

std::unique_ptr<Prior> make_prior(const ModelConfig& config) {
  const Row* row = find_row(kTable, config.prior);
  if (!row) throw ConfigError(concat("model.prior = \"", config.prior, "\" is not known"));
  return row->make(config);
}

}  // namespace elbo
