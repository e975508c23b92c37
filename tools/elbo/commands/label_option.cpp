#include "commands/label_option.h"

#include <algorithm>

#include "base/check.h"
#include "base/nearest.h"

namespace elbo::command {

std::vector<std::int32_t> label_of_all(const Model& model, const std::string& name, std::int64_t count) {
  if (name.empty()) return {};
  if (!is_conditional(model)) {
    throw ConfigError(concat("this model reads no labels, so it has none called \"", name,
                             "\"; train one with --set 'model.condition=[\"label\"]'."));
  }
  const std::vector<std::string>& classes = classes_of(model);
  const auto found = std::ranges::find(classes, name);
  if (found == classes.end()) {
    throw ConfigError(
        concat("the model knows no label called \"", name, "\"; ", nearest_hint(name, classes)));
  }
  return std::vector<std::int32_t>(static_cast<std::size_t>(count),
                                   static_cast<std::int32_t>(found - classes.begin()));
}

std::vector<std::int32_t> labels_read(const Model& model, const Examples& examples, std::uint64_t seed) {
  if (!is_conditional(model)) return {};
  std::vector<std::int32_t> labels = examples.labels;
  if (!model.traits().infers_label) return labels;
  labels.resize(static_cast<std::size_t>(examples.count), kNoLabel);
  if (std::ranges::find(labels, kNoLabel) == labels.end()) return labels;
  const Table probabilities = model.label_probabilities(examples, seed);
  for (std::int64_t i = 0; i < examples.count; ++i) {
    const auto row = probabilities.row(i);
    std::int32_t& label = labels[static_cast<std::size_t>(i)];
    if (label == kNoLabel) label = static_cast<std::int32_t>(std::ranges::max_element(row) - row.begin());
  }
  return labels;
}

void require_conditional(const Model& model, const std::string& what) {
  if (is_conditional(model)) return;
  throw ConfigError(concat(what,
                           " needs a conditional model, and this one reads no labels; train one with --set ",
                           "'model.condition=[\"label\"]'."));
}

void refuse_conditional(const Model& model, const std::string& what) {
  if (!is_conditional(model)) return;
  throw ConfigError(concat(what, " decodes codes without labels, which this conditional model needs; see ",
                           "'elbo reconstruct --as' and 'elbo sample --label'."));
}

}  // namespace elbo::command
