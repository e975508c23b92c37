#pragma once
// Scores of how unusual each example is, and how well they detect anomalies.

#include <filesystem>
#include <vector>

#include "elbo/elbo.h"
#include "reports/report.h"

namespace elbo::command {

/// The available scores, by name: "elbo" (its negative), "nll", "squared_error".
std::vector<std::pair<std::string, const std::vector<double>*>> named_scores(const ExampleScores& scores);

/// Throws DataError if the examples have no labels, or lack either label 0 (normal) or others (anomalies).
void require_anomaly_labels(const Examples& examples, const std::string& data);

/// Adds "anomalies", their number, and "auroc", an object with the AUROC of each score.
void add_auroc(Json& json, const ExampleScores& scores, const Examples& examples);
/// The same as a small table.
void print_auroc(const Recipe& recipe, const ExampleScores& scores, const Examples& examples);

/// Writes a row for each example: its label if there is one, then its scores. Throws like TableFile.
void write_scores(const std::filesystem::path& file, const ExampleScores& scores, const Examples& examples);

}  // namespace elbo::command
