#pragma once
// Scores of how unusual each example is, and how well they detect anomalies.

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "elbo/elbo.h"
#include "reports/report.h"

namespace elbo::command {

/// The available scores, by name: "elbo" (its negative), "nll", "squared_error".
std::vector<std::pair<std::string, const std::vector<double>*>> named_scores(const ExampleScores& scores);

/// A score's name in reports.
std::string score_label(const Recipe& recipe, const std::string& name);

/// Which examples are anomalies.
struct AnomalyLabels {
  std::string normal;               ///< the name of the normal class
  std::vector<std::int32_t> kinds;  ///< of each example: 0 normal, 1 anomaly, kNoLabel without a label
  std::int64_t normals = 0, anomalies = 0;
};

/// `normal` names the normal class; if it is empty, the class called normal, good, ok, 0 or inlier is taken,
/// and that is told. Throws DataError if the examples have no labels, if only one class occurs, or if not
/// exactly one has such a name; ConfigError if there is no class `normal`.
AnomalyLabels anomaly_labels(const Examples& examples, const Dataset& data, const std::string& normal);

/// The label that says normal by its name: normal, good, ok or inlier, or 0 beside at most one other. Nothing
/// if none or several do.
std::optional<std::string> normal_label(const Examples& examples, const Dataset& data);

/// Which examples have the label `normal`, and which another.
AnomalyLabels sort_labels(const Examples& examples, const Dataset& data, const std::string& normal);

/// Adds "anomalies", their number, "normal", and the objects "auroc" and "average_precision", which have the
/// figure of each score.
void add_auroc(Json& json, const ExampleScores& scores, const AnomalyLabels& labels);
/// The same as a small table.
void print_auroc(const Recipe& recipe, const ExampleScores& scores, const AnomalyLabels& labels);

/// Writes a row for each example: its id and its label's name if there are any, then its scores; in a .npy
/// file the label's number. Throws like TableFile.
void write_scores(const std::filesystem::path& file, const ExampleScores& scores, const Examples& examples,
                  const Dataset& data);

}  // namespace elbo::command
