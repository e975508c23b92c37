#include "data/classes.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

#include "base/check.h"
#include "base/nearest.h"
#include "base/text.h"
#include "data/resident.h"

namespace elbo::data {
namespace {

/// The epoch whose order keep_labels() draws from: no training has it.
constexpr std::int64_t kLabelsDraw = 0;

std::array<Examples*, 3> splits_of(Dataset& data) {
  return {&data.train, &data.validation, &data.test};
}

/// The labels that occur, in ascending order.
std::set<std::int32_t> labels_of(const Dataset& data) {
  std::set<std::int32_t> labels;
  for (const Examples* split : {&data.train, &data.validation, &data.test})
    labels.insert(split->labels.begin(), split->labels.end());
  labels.erase(kNoLabel);
  return labels;
}

void renumber(Dataset& data, const std::map<std::int32_t, std::int32_t>& numbers) {
  for (Examples* split : splits_of(data)) {
    for (std::int32_t& label : split->labels) {
      if (label != kNoLabel) label = numbers.at(label);
    }
  }
}

}  // namespace

void number_labels(Dataset& data) {
  const std::set<std::int32_t> labels = labels_of(data);
  if (labels.empty() || !data.label_names.empty()) return;
  if (*labels.begin() == 0 && *labels.rbegin() == std::ssize(labels) - 1) return;
  std::map<std::int32_t, std::int32_t> numbers;
  for (const std::int32_t label : labels) {
    data.label_names.push_back(std::to_string(label));
    numbers.emplace(label, static_cast<std::int32_t>(numbers.size()));
  }
  renumber(data, numbers);
  data.notes.push_back(concat("labels ", *labels.begin(), " to ", *labels.rbegin(), " are numbered 0 to ",
                              labels.size() - 1, ", as model.condition reads them"));
}

std::vector<std::string> class_names(const Dataset& data) {
  if (!data.label_names.empty()) return data.label_names;
  const std::set<std::int32_t> labels = labels_of(data);
  std::vector<std::string> names;
  if (labels.empty()) return names;
  if (*labels.begin() < 0) {
    throw DataError(concat("the data ", data.name, " has the label ", *labels.begin(),
                           ", but model.condition numbers labels from 0"));
  }
  if (*labels.rbegin() >= kMaxConditionClasses) {
    throw DataError(concat("the data ", data.name, " has the label ", *labels.rbegin(),
                           ", but model.condition takes ", kMaxConditionClasses, " labels, numbered from 0"));
  }
  for (std::int32_t label = 0; label <= *labels.rbegin(); ++label) names.push_back(std::to_string(label));
  return names;
}

void note_unlearned_labels(Dataset& data) {
  const std::set<std::int32_t> learned(data.train.labels.begin(), data.train.labels.end());
  for (const std::int32_t label : labels_of(data)) {
    if (learned.contains(label)) continue;
    data.notes.push_back(concat("no training example has the label ", label_name(data, label),
                                ", so that a conditional model learns nothing of it"));
  }
}

void note_unlearned_levels(Dataset& data) {
  const std::vector<Column> columns = condition_columns(data.schema);
  const std::int64_t width = data.train.conditions.cols;
  for (std::size_t j = 0; j < columns.size() && std::ssize(columns) == width; ++j) {
    const Column& column = columns[j];
    std::set<float> learned;
    for (std::int64_t i = 0; i < data.train.count; ++i) learned.insert(data.train.conditions.row(i)[j]);
    for (std::size_t level = 0; level < column.levels.size(); ++level) {
      if (learned.contains(static_cast<float>(level))) continue;
      data.notes.push_back(concat("no training example has ", shown(column.levels[level]), " for ",
                                  shown(column.name), ", so that a conditional model learns nothing of it"));
    }
  }
}

std::int64_t labelled_count(const Examples& examples) {
  return std::ranges::count_if(examples.labels, [](std::int32_t label) { return label != kNoLabel; });
}

void keep_labels(Dataset& data, std::int64_t count, std::uint64_t seed) {
  Examples& train = data.train;
  const std::int64_t labelled = labelled_count(train);
  if (labelled < count) {
    throw DataError(concat("data.labels = ", count, ", but only ", labelled, " of the ", train.count,
                           " training examples of ", data.name, " have a label."));
  }
  std::map<std::int32_t, std::vector<std::size_t>> of_label;  // in a drawn order
  for (const std::int64_t i : epoch_permutation(train.count, seed, kLabelsDraw)) {
    const std::int32_t label = train.labels[static_cast<std::size_t>(i)];
    if (label != kNoLabel) of_label[label].push_back(static_cast<std::size_t>(i));
  }
  if (std::ssize(of_label) > count) {
    throw DataError(concat("data.labels = ", count, ", but the training examples of ", data.name, " have ",
                           of_label.size(), " different labels, each of which needs an example."));
  }
  std::vector<std::int32_t> kept(train.labels.size(), kNoLabel);
  std::int64_t left = count;
  for (std::size_t round = 0; left > 0; ++round) {  // one of each label a round
    for (const auto& [label, examples] : of_label) {
      if (round >= examples.size() || left == 0) continue;
      kept[examples[round]] = label;
      --left;
    }
  }
  train.labels = std::move(kept);
  data.notes.push_back(concat(count, " of ", labelled, " training examples keep their labels (data.labels)"));
}

void match_labels(Dataset& data, std::span<const std::string> names) {
  std::map<std::int32_t, std::int32_t> numbers;
  for (const std::int32_t label : labels_of(data)) {
    const std::string name = label_name(data, label);
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      throw DataError(concat("the data ", data.name, " has the label ", shown(name),
                             ", which the model does not know (model.condition_classes); ",
                             nearest_hint(name, {names.begin(), names.end()})));
    }
    numbers.emplace(label, static_cast<std::int32_t>(found - names.begin()));
  }
  if (numbers.empty()) return;
  renumber(data, numbers);
  data.label_names.assign(names.begin(), names.end());
}

}  // namespace elbo::data
