#include "recipe/conditions.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "data/classes.h"

namespace elbo {
namespace {

constexpr std::string_view kNumeric = "numeric", kCategorical = "categorical ";

void refuse_condition(bool wrong, const char* why) {
  if (wrong) throw ConfigError(why);
}

std::int32_t levels_of_kind(const std::string& kind) {
  if (kind == kNumeric) return 0;
  std::int32_t levels = 0;
  const bool categorical = kind.starts_with(kCategorical);
  const char* const end = kind.data() + kind.size();
  const char* const number = categorical ? kind.data() + kCategorical.size() : end;
  const auto [stop, error] = std::from_chars(number, end, levels);
  if (categorical && error == std::errc() && stop == end && levels >= 1 &&
      levels <= data::kMaxConditionClasses)
    return levels;
  throw ConfigError(concat("model.condition_kinds: ", data::shown(kind),
                           " is neither \"numeric\" nor \"categorical\" with a number of levels from 1 to ",
                           data::kMaxConditionClasses, ", as in \"categorical 3\"."));
}

/// For models that read the label alone, or beside columns.
void check_classes_read(const ModelSettings& model) {
  const std::set<std::string> names(model.condition_classes.begin(), model.condition_classes.end());
  refuse_condition(names.size() != model.condition_classes.size(),
                   "model.condition_classes names a label twice.");
  if (std::ssize(model.condition_classes) > data::kMaxConditionClasses) {
    throw ConfigError(concat("model.condition_classes has ", model.condition_classes.size(), " labels; ",
                             data::kMaxConditionClasses, " is the maximum."));
  }
  refuse_condition(
      !reads_label(model) && !model.condition_classes.empty(),
      "model.condition_classes names labels, and model.condition has no \"label\"; leave it out.");
}

void check_kinds_read(const ModelSettings& model) {
  if (model.condition_kinds.empty()) return;
  refuse_condition(
      reads_label_alone(model),
      "model.condition_kinds is for columns; of the label alone, model.condition_classes says how "
      "it is read. Leave it out.");
  if (model.condition_kinds.size() != model.condition.size()) {
    throw ConfigError(concat("model.condition_kinds has ", model.condition_kinds.size(),
                             " kinds, and model.condition ", model.condition.size(),
                             " names: each needs one, in their order."));
  }
  const std::vector<std::int32_t> levels = levels_read(model);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (model.condition[i] != kLabelCondition || levels[i] == std::ssize(model.condition_classes)) continue;
    throw ConfigError(concat("model.condition_kinds says \"", model.condition_kinds[i],
                             "\" of the label, and model.condition_classes names ",
                             model.condition_classes.size(), "."));
  }
}

}  // namespace

bool reads_label(const ModelSettings& settings) {
  return std::ranges::find(settings.condition, kLabelCondition) != settings.condition.end();
}

bool reads_label_alone(const ModelSettings& settings) {
  return settings.condition.size() == 1 && reads_label(settings);
}

std::vector<std::string> columns_read(const ModelSettings& settings) {
  std::vector<std::string> columns;
  for (const std::string& name : settings.condition) {
    if (name != kLabelCondition) columns.push_back(name);
  }
  return columns;
}

std::vector<std::int32_t> levels_read(const ModelSettings& settings) {
  std::vector<std::int32_t> levels;
  if (reads_label_alone(settings)) return levels;
  for (const std::string& kind : settings.condition_kinds) levels.push_back(levels_of_kind(kind));
  return levels;
}

std::string condition_kind(std::int64_t levels) {
  return levels == 0 ? std::string(kNumeric) : concat(kCategorical, levels);
}

void check_condition(const Recipe& recipe) {
  const ModelSettings& model = recipe.model;
  refuse_condition(
      model.kind == "m2" && model.condition.empty(),
      "model.kind = \"m2\" infers the labels that encoder and decoder read: set model.condition = "
      "[\"label\"] as well.");
  refuse_condition(
      model.kind == "m2" && model.condition_classes.size() == 1,
      "model.kind = \"m2\" infers which of several labels an example has, but there is one alone "
      "(model.condition_classes).");
  refuse_condition(model.prior == "conditional" && model.condition.empty(),
                   "model.prior = \"conditional\" is a prior for each label, which the model does not read: "
                   "set model.condition = [\"label\"] as well, or take another prior.");
  if (model.condition.empty()) return;
  if (model.kind == "m2" && !reads_label_alone(model)) {
    throw ConfigError(
        concat("model.kind = \"m2\" infers labels, and takes model.condition = [\"label\"] alone, not ",
               recipe.value("model.condition"), "."));
  }
  const std::set<std::string> names(model.condition.begin(), model.condition.end());
  refuse_condition(names.size() != model.condition.size() || names.contains(""),
                   "model.condition names a column twice, or one without a name.");
  refuse_condition(model.prior == "vamp",
                   "model.prior = \"vamp\" encodes pseudo-inputs, which have no label and no columns for "
                   "model.condition; take normal, conditional or mixture.");
  refuse_condition(!recipe.data.codes_of.empty() && !columns_read(model).empty(),
                   "data.codes_of makes codes the data, which have no columns for model.condition; it can be "
                   "[\"label\"] alone.");
  check_classes_read(model);
  check_kinds_read(model);
}

}  // namespace elbo
