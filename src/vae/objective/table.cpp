// objective.kind: what a training maximises.

#include "base/check.h"
#include "recipe/choices.h"
#include "vae/objective/objective.h"

namespace elbo {
namespace {

// These settings change the KL's cost, and the importance-weighted bound has no KL.
constexpr std::string_view kOfElbo[] = {"objective.free_bits", "objective.capacity"};

struct Row : Choice {
  std::unique_ptr<Objective> (*make)(const ModelConfig&);
};

constexpr Row kTable[] = {
    {{"elbo", kOfElbo}, make_elbo},
    {{"iwae"}, make_importance_weighted},
};

}  // namespace

std::span<const Choice> objective_choices() {
  static const std::vector<Choice> choices = choices_of(kTable);
  return choices;
}

std::unique_ptr<Objective> make_objective(const ModelConfig& config) {
  const Row* row = find_row(kTable, config.objective.kind);
  if (!row) throw ConfigError(concat("objective.kind = \"", config.objective.kind, "\" is not known"));
  return row->make(config);
}

}  // namespace elbo
