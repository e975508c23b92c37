#pragma once
// How strange each example is, and how well that tells anomalies.

#include <filesystem>
#include <vector>

#include "elbo/elbo.h"
#include "reports/report.h"

namespace elbo::command {

/// The scores there are, by name: "elbo" (its negative), "nll", "squared_error".
std::vector<std::pair<std::string, const std::vector<double>*>> named_scores(const ExampleScores& scores);

/// Throws DataError if the examples have no labels, or not both 0 (normal) and others (anomalies).
void require_anomaly_labels(const Examples& examples, const std::string& data);

/// Adds "anomalies", their number, and "auroc", an object of one for each score.
void add_auroc(Json& json, const ExampleScores& scores, const Examples& examples);
/// The same as a small table.
void print_auroc(const Recipe& recipe, const ExampleScores& scores, const Examples& examples);

/// A row for each example: its label where there is one, then its scores. Throws like TableFile.
void write_scores(const std::filesystem::path& file, const ExampleScores& scores, const Examples& examples);

}  // namespace elbo::command
