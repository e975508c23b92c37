#include "commands/label_option.h"

#include <CLI/CLI.hpp>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace elbo::command {
namespace {

/// The condition of "NAME=VALUE", by its number; the number of conditions if it names none.
std::size_t condition_named(const std::vector<ConditionColumn>& conditions, const std::string& text) {
  std::size_t found = conditions.size();
  for (std::size_t j = 0; j < conditions.size(); ++j) {
    const std::string& name = conditions[j].column.name;
    const bool longer = found == conditions.size() || name.size() > conditions[found].column.name.size();
    if (text.starts_with(name + "=") && longer) found = j;  // names may hold a "=" themselves
  }
  return found;
}

void give(const Model& model, const std::vector<ConditionColumn>& conditions, std::size_t j,
          const std::string& value, GivenConditions& given) {
  given.resize(conditions.size());
  const std::string& name = conditions[j].column.name;
  if (given[j]) throw ConfigError(concat(data::shown(name), " is given twice."));
  given[j] = model.condition_value(name, value);
}

void give_label(const Model& model, const std::vector<ConditionColumn>& conditions, const std::string& label,
                GivenConditions& given) {
  for (std::size_t j = 0; j < conditions.size(); ++j)
    if (conditions[j].column.kind == ColumnKind::label) return give(model, conditions, j, label, given);
  throw ConfigError(
      concat("this model reads no labels, so it has none called \"", data::escaped(label),
             is_conditional(model) ? "\"; name a condition, as in "
                                   : "\"; train one with --set 'model.condition=[\"label\"]'.",
             is_conditional(model) ? data::escaped(conditions[0].column.name) + "=VALUE." : ""));
}

}  // namespace

void add_given(CLI::App& command, GivenOptions& options, const std::string& otherwise) {
  command
      .add_option(
          "--given", options.given,
          "A condition of a conditional model and its value, as sex=f; several times [" + otherwise + "]")
      ->type_name("NAME=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--label", options.label, "The same of the label, by its name")->type_name("NAME");
}

GivenConditions given_conditions(const Model& model, const GivenOptions& options) {
  const std::vector<ConditionColumn> conditions = model.conditions();
  GivenConditions given;
  if (!options.label.empty()) give_label(model, conditions, options.label, given);
  for (const std::string& text : options.given) {
    const std::size_t j = condition_named(conditions, text), equals = text.find('=');
    if (equals == std::string::npos)
      throw ConfigError(concat("--given ", text, " is not NAME=VALUE, as in --given sex=f."));
    if (j == conditions.size()) model.condition_value(text.substr(0, equals), "");  // throws: it names none
    give(model, conditions, j, text.substr(conditions[j].column.name.size() + 1), given);
  }
  return given;
}

GivenConditions conditions_as(const Model& model, const std::vector<std::string>& as) {
  const std::vector<ConditionColumn> conditions = model.conditions();
  GivenConditions given;
  for (const std::string& text : as) {
    const std::size_t j = condition_named(conditions, text);
    if (j == conditions.size()) {
      give_label(model, conditions, text, given);
    } else {
      give(model, conditions, j, text.substr(conditions[j].column.name.size() + 1), given);
    }
  }
  return given;
}

void require_all(const Model& model, const GivenConditions& given, const std::string& what) {
  if (!is_conditional(model)) return;
  if (reads_label_alone(model)) {
    if (given.empty()) throw ConfigError(concat(what, " with a label: give one with --label."));
    return;
  }
  const std::vector<ConditionColumn> conditions = model.conditions();
  std::string missing;
  for (std::size_t j = 0; j < conditions.size(); ++j) {
    if (given.empty() || !given[j])
      missing += concat(" --given ", data::escaped(conditions[j].column.name), "=VALUE");
  }
  if (!missing.empty())
    throw ConfigError(concat(what, " with a value of each condition: give", missing, "."));
}

Table with_given(const Model& model, const Examples& examples, const GivenConditions& given) {
  if (given.empty() || examples.empty()) return {};
  const bool all = std::ranges::all_of(given, [](const auto& value) { return value.has_value(); });
  if (all) return same_conditions(model, examples.count, given);
  Table conditions = model.conditions_of(examples);
  for (std::size_t at = 0; at < conditions.values.size(); ++at) {
    if (const auto& value = given[at % given.size()]) conditions.values[at] = *value;
  }
  return conditions;
}

Table conditions_read(const Model& model, const Examples& examples, std::uint64_t seed) {
  if (!is_conditional(model)) return {};
  const bool known = std::ssize(examples.labels) == examples.count &&
                     std::ranges::find(examples.labels, kNoLabel) == examples.labels.end();
  if (!model.traits().infers_label || known) return model.conditions_of(examples);
  const Table probabilities = model.label_probabilities(examples, seed);
  Table labels{examples.count, 1, {}};
  for (std::int64_t i = 0; i < examples.count; ++i) {
    const auto row = probabilities.row(i);
    const std::int32_t own =
        examples.labels.empty() ? kNoLabel : examples.labels[static_cast<std::size_t>(i)];
    labels.values.push_back(static_cast<float>(own == kNoLabel ? std::ranges::max_element(row) - row.begin()
                                                               : std::ptrdiff_t{own}));
  }
  return labels;
}

void require_label(const Model& model, const std::string& what) {
  if (reads_label_alone(model)) return;
  if (is_conditional(model)) {
    throw ConfigError(concat(what, " needs a model conditioned on the label alone, and this one reads ",
                             model.recipe().value("model.condition"), "."));
  }
  throw ConfigError(concat(what,
                           " needs a conditional model, and this one reads no labels; train one with --set ",
                           "'model.condition=[\"label\"]'."));
}

void refuse_conditional(const Model& model, const std::string& what) {
  if (!is_conditional(model)) return;
  throw ConfigError(
      concat(what, " decodes codes without ", reads_label_alone(model) ? "labels" : "conditions",
             ", which this conditional model needs; see ", "'elbo reconstruct --as' and 'elbo sample ",
             reads_label_alone(model) ? "--label'." : "--given'."));
}

}  // namespace elbo::command
