#include "commands/code_edits.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kQuantileExamples = 10000;

/// The mean of the rows, [cols].
std::vector<double> mean_row(const Table& table) {
  std::vector<double> mean(static_cast<std::size_t>(table.cols));
  for (std::int64_t i = 0; i < table.rows; ++i) {
    const auto row = table.row(i);
    for (std::size_t j = 0; j < mean.size(); ++j) mean[j] += row[j];
  }
  for (double& value : mean) value /= static_cast<double>(table.rows);
  return mean;
}

}  // namespace

Table CodeEdit::apply(const Table& codes) const {
  Table edited{codes.rows * std::ssize(steps), codes.cols, {}};
  edited.values.reserve(static_cast<std::size_t>(edited.rows * edited.cols));
  for (std::int64_t i = 0; i < codes.rows; ++i) {
    for (const double step : steps) {
      std::vector<float> code(codes.row(i).begin(), codes.row(i).end());
      for (std::size_t j = 0; j < direction.size(); ++j) code[j] += static_cast<float>(step) * direction[j];
      if (dimension >= 0) code[static_cast<std::size_t>(dimension)] = static_cast<float>(step);
      edited.values.insert(edited.values.end(), code.begin(), code.end());
    }
  }
  return edited;
}

std::vector<double> evenly_between(double low, double high, std::int64_t count) {
  if (count == 1) return {(low + high) / 2.0};
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < count; ++i)
    numbers.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(count - 1));
  return numbers;
}

std::string class_named(const Dataset& data, const std::string& name_or_number) {
  std::set<std::int32_t> labels(data.train.labels.begin(), data.train.labels.end());
  labels.erase(kNoLabel);
  if (labels.empty()) {
    throw DataError(
        concat(data.name,
               ": has no labels, and the mean codes of classes need them; --dimension and --between "
               "need none."));
  }
  for (const std::int32_t label : labels) {
    if (label_name(data, label) == name_or_number) return name_or_number;
  }
  std::string known;
  for (const std::int32_t label : labels) {
    const std::string name = label_name(data, label);
    if (std::to_string(label) == name_or_number) return name;
    known += concat(known.empty() ? "" : ", ", name);
  }
  constexpr std::size_t kListed = 1000;  // characters, for data of very many classes
  if (known.size() > kListed) known = concat(known.substr(0, known.rfind(',', kListed)), ", …");
  throw ConfigError(concat("no training example of ", data.name, " is of class \"", name_or_number,
                           "\"; the classes are: ", known, "."));
}

Examples of_class(const Dataset& data, const Examples& examples, const std::string& name) {
  Examples chosen = examples;
  for (std::int32_t& label : chosen.labels) {
    if (label != kNoLabel && label_name(data, label) != name) label = kNoLabel;
  }
  return labelled(chosen);
}

CodeEdit between_classes(const Model& model, const Dataset& data, const std::string& from,
                         const std::string& to, double strength, std::int64_t steps) {
  const std::vector<double> start = mean_row(model.encode(of_class(data, data.train, from)).mean),
                            end = mean_row(model.encode(of_class(data, data.train, to)).mean);
  CodeEdit edit{.name = "strength", .steps = evenly_between(0.0, strength, steps), .direction = {}};
  for (std::size_t j = 0; j < start.size(); ++j)
    edit.direction.push_back(static_cast<float>(end[j] - start[j]));
  return edit;
}

CodeEdit along_dimension(const Model& model, const Dataset& data, std::int64_t dimension,
                         std::int64_t steps) {
  if (dimension < 0 || dimension >= model.latent()) {
    throw ConfigError(concat("--dimension ", dimension, ": the latent dimensions are counted from 0 to ",
                             model.latent() - 1, "."));
  }
  const Table codes = model.encode(data.train.evenly_spaced(kQuantileExamples)).mean;
  std::vector<double> values;
  for (std::int64_t i = 0; i < codes.rows; ++i)
    values.push_back(codes.row(i)[static_cast<std::size_t>(dimension)]);
  return {.name = concat("z", dimension),
          .steps = evenly_between(quantile(values, 0.01), quantile(values, 0.99), steps),
          .direction = {},
          .dimension = dimension};
}

}  // namespace elbo::command
