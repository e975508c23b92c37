#include "reports/anomaly.h"

#include <algorithm>
#include <iostream>

#include "reports/report.h"
#include "base/check.h"
#include "reports/table_file.h"

namespace elbo::command {

std::vector<std::pair<std::string, const std::vector<double>*>> named_scores(const ExampleScores& scores) {
  std::vector<std::pair<std::string, const std::vector<double>*>> named;
  if (!scores.negative_elbo.empty()) named.emplace_back("elbo", &scores.negative_elbo);
  if (!scores.nll.empty()) named.emplace_back("nll", &scores.nll);
  named.emplace_back("squared_error", &scores.squared_error);
  return named;
}

void require_anomaly_labels(const Examples& examples, const std::string& data) {
  if (examples.labels.empty()) {
    throw DataError(concat(data,
                           ": has no labels, and --anomaly needs them: 0 for normal examples, another "
                           "number for anomalies. --scores FILE.csv writes scores without."));
  }
  const auto normal = std::count(examples.labels.begin(), examples.labels.end(), 0);
  if (normal != 0 && normal != std::ssize(examples.labels)) return;
  throw DataError(
      concat(data, ": all ", examples.labels.size(), " labels are ",
             normal == 0 ? "other than 0, so every example is an anomaly" : "0, so every example is normal",
             "; --anomaly needs both kinds."));
}

void add_auroc(Json& json, const ExampleScores& scores, const Examples& examples) {
  json["anomalies"] =
      std::ssize(examples.labels) - std::count(examples.labels.begin(), examples.labels.end(), 0);
  for (const auto& [name, values] : named_scores(scores))
    json["auroc"][name] = auroc(*values, examples.labels);
}

void print_auroc(const Recipe& recipe, const ExampleScores& scores, const Examples& examples) {
  const auto normal = std::count(examples.labels.begin(), examples.labels.end(), 0);
  std::cout << "\nAUROC of " << std::ssize(examples.labels) - normal << " anomalies among " << normal
            << " normal examples\n";
  for (const auto& [name, values] : named_scores(scores)) {
    const std::string label = name == "elbo" ? "-ELBO" : name == "nll" ? "NLL" : error_label(recipe);
    std::cout << padded(label, -26) << padded(fixed(auroc(*values, examples.labels), 4), 14) << '\n';
  }
}

void write_scores(const std::filesystem::path& file, const ExampleScores& scores, const Examples& examples) {
  const auto named = named_scores(scores);
  std::vector<std::string> columns;
  if (!examples.labels.empty()) columns.push_back("label");
  for (const auto& [name, values] : named) columns.push_back(name == "elbo" ? "negative_elbo" : name);
  TableFile table(file, examples.count, columns);
  Table rows{examples.count, std::ssize(columns), {}};
  for (std::size_t i = 0; i < scores.squared_error.size(); ++i) {
    if (!examples.labels.empty()) rows.values.push_back(static_cast<float>(examples.labels[i]));
    for (const auto& [name, values] : named) rows.values.push_back(static_cast<float>((*values)[i]));
  }
  table.append(rows);
  table.commit();
}

}  // namespace elbo::command
