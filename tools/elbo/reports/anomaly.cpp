#include "reports/anomaly.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <iostream>
#include <limits>
#include <set>
#include <span>

#include "reports/report.h"
#include "base/check.h"
#include "commands/command.h"
#include "reports/column_table.h"
#include "reports/table_file.h"
#include "reports/width.h"

namespace elbo::command {

std::vector<std::pair<std::string, const std::vector<double>*>> named_scores(const ExampleScores& scores) {
  std::vector<std::pair<std::string, const std::vector<double>*>> named;
  if (!scores.negative_elbo.empty()) named.emplace_back("elbo", &scores.negative_elbo);
  if (!scores.nll.empty()) named.emplace_back("nll", &scores.nll);
  named.emplace_back("squared_error", &scores.squared_error);
  return named;
}

namespace {

/// The names of the classes that occur, in the order of their labels.
std::vector<std::string> classes_of(const Examples& examples, const Dataset& data) {
  const std::set<std::int32_t> labels(examples.labels.begin(), examples.labels.end());
  std::vector<std::string> names;
  for (const std::int32_t label : labels) {
    if (label != kNoLabel) names.push_back(label_name(data, label));
  }
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
    text += concat(i > 0 ? ", " : "", names[i]);
  return names.size() > kNamed ? text + ", …" : text;
}

/// The classes whose names are among `usual`, in any case.
std::vector<std::string> called(const std::vector<std::string>& classes,
                                std::initializer_list<const char*> usual) {
  std::vector<std::string> found;
  for (const std::string& name : classes) {
    std::string small = name;
    std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
    if (std::ranges::find(usual, small) != usual.end()) found.push_back(name);
  }
  return found;
}

/// The class whose name says that it is the normal one. Throws DataError if none or several do.
std::string guess_normal(const std::vector<std::string>& classes, const std::string& data) {
  const std::vector<std::string> found = called(classes, {"normal", "good", "ok", "0", "inlier"});
  if (found.size() == 1) return found[0];
  throw DataError(
      concat(data, ": which label is the normal one? It has ", listed(classes),
             ". --anomaly needs both kinds, normal examples and anomalies: name the normal label, as in "
             "--normal ",
             classes[0], "."));
}

}  // namespace

std::optional<std::string> normal_label(const Examples& examples, const Dataset& data) {
  const std::vector<std::string> classes = classes_of(examples, data);
  std::vector<std::string> found = called(classes, {"normal", "good", "ok", "inlier"});
  if (found.empty() && classes.size() <= 2) found = called(classes, {"0"});
  return found.size() == 1 ? std::optional(found[0]) : std::nullopt;
}

AnomalyLabels sort_labels(const Examples& examples, const Dataset& data, const std::string& normal) {
  AnomalyLabels result;
  result.normal = normal;
  for (const std::int32_t label : examples.labels) {
    const bool is_normal = label != kNoLabel && label_name(data, label) == normal;
    result.kinds.push_back(label == kNoLabel ? kNoLabel : is_normal ? 0 : 1);
    result.normals += is_normal;
    result.anomalies += label != kNoLabel && !is_normal;
  }
  return result;
}

AnomalyLabels anomaly_labels(const Examples& examples, const Dataset& data, const std::string& normal) {
  const std::vector<std::string> classes = classes_of(examples, data);
  if (classes.empty()) {
    throw DataError(
        concat(data.name,
               ": has no labels, and --anomaly needs them, one for normal examples and others for "
               "anomalies. --scores FILE.csv writes scores without."));
  }
  const std::string chosen = normal.empty() ? guess_normal(classes, data.name) : normal;
  if (std::ranges::find(classes, chosen) == classes.end()) {
    throw ConfigError(
        concat("--normal ", normal, ": ", data.name, " has no such label; it has ", listed(classes), "."));
  }
  if (classes.size() == 1) {
    throw DataError(concat(data.name, ": all ", examples.count, " labels are ", chosen,
                           ", so every example is normal; --anomaly needs both kinds."));
  }
  if (normal.empty()) tell({concat("label ", chosen, " is taken for normal; --normal names another")});
  return sort_labels(examples, data, chosen);
}

namespace {

/// A figure over the examples with a label: auroc or average_precision.
double figure_of(double (*figure)(std::span<const double>, std::span<const std::int32_t>),
                 const std::vector<double>& scores, const AnomalyLabels& labels) {
  std::vector<double> labelled;
  std::vector<std::int32_t> kinds;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (labels.kinds[i] == kNoLabel) continue;
    labelled.push_back(scores[i]);
    kinds.push_back(labels.kinds[i]);
  }
  return figure(labelled, kinds);
}

}  // namespace

void add_auroc(Json& json, const ExampleScores& scores, const AnomalyLabels& labels) {
  json["anomalies"] = labels.anomalies;
  json["normal"] = labels.normal;
  for (const auto& [name, values] : named_scores(scores)) {
    json["auroc"][name] = figure_of(auroc, *values, labels);
    json["average_precision"][name] = figure_of(average_precision, *values, labels);
  }
}

std::string score_label(const Recipe& recipe, const std::string& name) {
  return name == "elbo" ? "-ELBO" : name == "nll" ? "NLL" : error_label(recipe);
}

void print_auroc(const Recipe& recipe, const ExampleScores& scores, const AnomalyLabels& labels) {
  std::cout << '\n'
            << wrapped(concat("AUROC of ", labels.anomalies, " anomalies among ", labels.normals,
                              " normal examples; average precision"))
            << '\n';
  const bool narrow = table_width() < 54;
  const int label = narrow ? 24 : 26, figure = narrow ? 8 : 14;
  for (const auto& [name, values] : named_scores(scores)) {
    std::cout << padded(score_label(recipe, name), -label)
              << padded(fixed(figure_of(auroc, *values, labels), 4), figure)
              << padded(fixed(figure_of(average_precision, *values, labels), 4), figure) << '\n';
  }
}

namespace {

/// A label in a table of numbers.
float number_of(std::int32_t label) {
  return label == kNoLabel ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(label);
}

}  // namespace

void write_scores(const std::filesystem::path& file, const ExampleScores& scores, const Examples& examples,
                  const Dataset& data) {
  const auto named = named_scores(scores);
  const bool texts = file_kind(file, {FileKind::npy, FileKind::csv}) == FileKind::csv;
  const bool numbers = !examples.labels.empty() && !texts;
  std::vector<std::string> columns;
  if (numbers) columns.push_back("label");
  for (const auto& [name, values] : named) columns.push_back(name == "elbo" ? "negative_elbo" : name);
  const LeadingTexts leading = texts ? leading_texts(examples, data) : LeadingTexts();
  TableFile table(file, examples.count, columns, leading.names);
  Table rows{examples.count, std::ssize(columns), {}};
  for (std::size_t i = 0; i < scores.squared_error.size(); ++i) {
    if (numbers) rows.values.push_back(number_of(examples.labels[i]));
    for (const auto& [name, values] : named) rows.values.push_back(static_cast<float>((*values)[i]));
  }
  table.append(rows, leading.rows);
  table.commit();
}

}  // namespace elbo::command
