#pragma once
// The report of elbo anomalies: which rows are strange, how strange, and by which columns.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "reports/anomaly.h"

namespace elbo::command {

/// Examples that the given ones are compared with.
struct Normals {
  std::string data, split;     ///< what they are; empty: the given examples themselves
  std::vector<double> scores;  ///< of each
  std::vector<double> usual;   ///< [dims] the average cost of each value; NaN where all are missing
};

/// The score above which an example is flagged.
struct Threshold {
  double value = 0.0;
  bool by_contamination = false;  ///< by a share of the given examples; else by a quantile of the normal ones
  double share = 0.0;             ///< that share, or that quantile
};

struct AnomalyReport {
  const Examples* examples = nullptr;
  const Dataset* data = nullptr;  ///< theirs
  std::string split;
  std::string score;         ///< a name of named_scores()
  std::int64_t samples = 0;  ///< of each posterior
  ExampleScores all;
  std::vector<double> scores, percentiles;  ///< of each example
  Normals normals;
  Threshold threshold;
  std::optional<AnomalyLabels> labels;  ///< if both kinds are there
  std::vector<std::int64_t> top;        ///< the strangest examples, strangest first
  Table costs;                          ///< [top, dims] what their values cost
  std::vector<std::string> names;       ///< of the values
  std::string picture;                  ///< a file that shows the strangest; empty: none

  bool flagged(std::size_t i) const { return scores[i] > threshold.value; }
  std::int64_t flagged_count() const;
};

/// A value of a row: what it costs, and how far above the average of that value among normal examples.
struct CostlyValue {
  std::int64_t value = 0;
  double cost = 0.0, above = 0.0;
};

/// The values of the i-th of the top rows that cost most above their average, at most `count`, most first.
std::vector<CostlyValue> costliest(const AnomalyReport& report, std::size_t i, std::size_t count);

void print_anomalies(const Model& model, const AnomalyReport& report);
void add_anomalies(Json& json, const AnomalyReport& report);
/// A row for each example: number, id and label, score, percentile, and whether it is flagged. Throws like
/// TableFile.
void write_anomalies(const std::filesystem::path& file, const AnomalyReport& report);

}  // namespace elbo::command
