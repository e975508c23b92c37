#include "reports/value_report.h"

#include <iostream>
#include <utility>

#include "base/text.h"
#include "base/check.h"
#include "reports/column_table.h"

namespace elbo::command {

void add_values(Json& json, const Evaluation& evaluation) {
  json["reconstruction_per_value"] = evaluation.reconstruction_per_value;
}

void print_values(const Model& model, const std::vector<std::string>& columns, const Evaluation& evaluation) {
  if (model.picture().is_picture()) return;
  const auto& costs = evaluation.reconstruction_per_value;
  std::vector<std::pair<std::string, double>> parts;
  for (std::size_t j = 0; j < costs.size(); ++j) {
    parts.emplace_back(columns.size() == costs.size() ? data::escaped(columns[j]) : concat("x", j), costs[j]);
  }
  std::cout << '\n' << wrapped("Reconstruction of each value, nats per example") << '\n';
  print_parts(std::move(parts));
}

}  // namespace elbo::command
