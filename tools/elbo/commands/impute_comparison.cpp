#include "commands/impute_comparison.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

namespace elbo::command {
namespace {

/// A column's present values, in one pass.
struct ColumnSummary {
  double mean = 0.0, deviation = 1.0, mode = 0.0;
};

ColumnSummary summary_of(const Examples& examples, std::int64_t j) {
  double sum = 0.0, squares = 0.0, count = 0.0;
  std::map<float, std::int64_t> counts;
  for (std::int64_t i = 0; i < examples.count; ++i) {
    const float value = examples.value(i, j);
    if (std::isnan(value)) continue;
    sum += value, squares += static_cast<double>(value) * value, count += 1.0;
    ++counts[value];
  }
  ColumnSummary summary;
  if (count == 0.0) return summary;
  summary.mean = sum / count;
  const double variance = squares / count - summary.mean * summary.mean;
  if (variance > 0.0) summary.deviation = std::sqrt(variance);
  summary.mode = std::ranges::max_element(counts, {}, &std::pair<const float, std::int64_t>::second)->first;
  return summary;
}

/// The kinds of a mixed model's columns; elsewhere one nameless kind.
std::vector<std::string> kinds_of(const Model& model) {
  std::vector<std::string> kinds;
  if (model.traits().has_columns) {
    for (const Column& column : modelled_columns(model.schema()))
      kinds.emplace_back(column_kind_name(column.kind));
  }
  kinds.resize(static_cast<std::size_t>(model.dims()));
  return kinds;
}

}  // namespace

double ImputationErrors::averaged(double sum) const {
  const double mean = sum / static_cast<double>(count);
  return classes ? mean : std::sqrt(mean);
}

Comparison::Comparison(const Model& model, const Examples& known, const Examples& truth) : truth_(truth) {
  const auto kinds = kinds_of(model);
  const auto classes = model.class_columns();
  for (std::size_t j = 0; j < kinds.size(); ++j) {
    const ColumnSummary summary = summary_of(known, static_cast<std::int64_t>(j));
    const bool mixed = !kinds[j].empty();
    guesses_.push_back(classes[j] ? summary.mode : summary.mean);
    deviations_.push_back(mixed && !classes[j] ? summary.deviation : 1.0);
    auto found = std::ranges::find_if(kinds_, [&](const ImputationErrors& kind) {
      return kind.kind == kinds[j] && kind.classes == classes[j];
    });
    if (found == kinds_.end())
      found = kinds_.insert(kinds_.end(),
                            {.kind = kinds[j], .classes = classes[j], .scaled = mixed && !classes[j]});
    kind_of_.push_back(static_cast<std::size_t>(found - kinds_.begin()));
  }
}

void Comparison::add(const Table& rows, const Imputation& completed, std::int64_t first) {
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::int64_t j = 0; j < rows.cols; ++j) {
      const auto at = static_cast<std::size_t>(i * rows.cols + j), column = static_cast<std::size_t>(j);
      const double truth = truth_.value(first + i, j);
      if (!std::isnan(rows.values[at]) || std::isnan(truth)) continue;
      ImputationErrors& kind = kinds_[kind_of_[column]];
      const auto error = [&](double value) {
        const double difference = (truth - value) / deviations_[column];
        return kind.classes ? (difference != 0.0 ? 1.0 : 0.0) : difference * difference;
      };
      ++kind.count;
      kind.errors += error(completed.values.values[at]);
      kind.guess_errors += error(guesses_[column]);
      if (completed.low.values.empty()) continue;
      kind.covered += completed.low.values[at] <= truth && truth <= completed.high.values[at];
    }
  }
}

std::vector<ImputationErrors> Comparison::kinds() const {
  std::vector<ImputationErrors> kinds = kinds_;
  std::erase_if(kinds, [](const ImputationErrors& kind) { return kind.count == 0; });
  return kinds;
}

void add_comparison(Json& json, const Comparison& comparison, bool intervals) {
  for (const ImputationErrors& kind : comparison.kinds()) {
    Json of_kind;
    if (!kind.kind.empty()) of_kind["kind"] = kind.kind;
    const std::string error = kind.classes ? "error_rate" : kind.scaled ? "nrmse" : "rmse";
    of_kind[error] = kind.of_model();
    of_kind[error + (kind.classes ? "_of_modes" : "_of_means")] = kind.of_guesses();
    if (intervals && !kind.classes) of_kind["coverage"] = kind.coverage();
    if (kind.kind.empty()) {
      json.update(of_kind);
    } else {
      of_kind["values"] = kind.count;
      json["by_kind"].push_back(of_kind);
    }
  }
}

void print_comparison(const Comparison& comparison, bool intervals) {
  for (const ImputationErrors& kind : comparison.kinds()) {
    if (!kind.kind.empty()) std::cout << kind.kind << ": ";
    if (kind.classes) {
      std::cout << "wrong classes: " << 100.0 * kind.of_model()
                << " %; by each column's most frequent one: " << 100.0 * kind.of_guesses() << " %\n";
      continue;
    }
    std::cout << "RMSE to the truth" << (kind.scaled ? ", in deviations of the column: " : ": ")
              << kind.of_model() << "; of column means: " << kind.of_guesses() << '\n';
    if (intervals) std::cout << "truths inside their intervals: " << 100.0 * kind.coverage() << " %\n";
  }
}

}  // namespace elbo::command
