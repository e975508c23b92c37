// objective.corruption: corruption of the encoder's input in training.

#include "base/check.h"
#include "recipe/choices.h"
#include "vae/input/input.h"

namespace elbo {
namespace {

constexpr std::string_view kAmount[] = {"objective.corruption_amount"};

struct Row : Choice {
  ops::Corruption kind;
};

constexpr Row kTable[] = {
    {{"none"}, ops::Corruption::none},
    {{"gaussian", kAmount}, ops::Corruption::gaussian},
    {{"masking", kAmount}, ops::Corruption::masking},
};

}  // namespace

std::span<const Choice> corruption_choices() {
  static const std::vector<Choice> choices = choices_of(kTable);
  return choices;
}

Corruption make_corruption(const ObjectiveSettings& settings) {
  const Row* row = find_row(kTable, settings.corruption);
  if (!row) throw ConfigError(concat("objective.corruption = \"", settings.corruption, "\" is not known"));
  return {row->kind, static_cast<float>(settings.corruption_amount)};
}

}  // namespace elbo
