#pragma once
// Which label a conditional model gives examples, and how sure it is.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "elbo/elbo.h"
#include "reports/report.h"

namespace elbo::command {

/// What a model says of each example's label, with equally frequent labels: p(y|x) ∝ p(x|y).
struct LabelPosterior {
  std::vector<std::string> names;       ///< of the labels
  Table probabilities;                  ///< [n, labels] p(y|x)
  std::vector<std::int32_t> likeliest;  ///< of each example
  std::vector<double> log_ratio;        ///< log p(x|likeliest) − log p(x|own), nats; 0 without an own label

  float probability(std::int64_t i, std::int32_t label) const {
    return probabilities.row(i)[static_cast<std::size_t>(label)];
  }
};

/// From Model::label_costs(). `labels` are the examples' own, or empty.
LabelPosterior label_posterior(const Table& costs, std::vector<std::string> names,
                               const std::vector<std::int32_t>& labels);

/// How well the posterior agrees with the examples' own labels.
struct LabelMetrics {
  std::int64_t examples = 0;  ///< that have a label
  double accuracy = 0.0;      ///< share whose likeliest label is their own
  double log_loss = 0.0;      ///< mean of −log p(own|x), nats
  double calibration_error =
      0.0;  ///< mean gap between p(likeliest|x) and accuracy, over ten bins of the former
};
/// Nothing if no example has a label. The expected calibration error of Guo et al. 2017, eq. 3.
std::optional<LabelMetrics> label_metrics(const LabelPosterior& posterior,
                                          const std::vector<std::int32_t>& labels);

/// Examples whose own label is not the likeliest, the largest log ratio first.
std::vector<std::int64_t> suspects(const LabelPosterior& posterior);

/// Writes a row for each example: number, id and label, the likeliest label, its probability and the log
/// ratio, then p(y|x) of every label. Throws like TableFile.
void write_posterior(const std::filesystem::path& file, const LabelPosterior& posterior,
                     const Examples& examples, const Dataset& data);

/// Prints the first `count` of the suspects.
void print_suspects(const LabelPosterior& posterior, const std::vector<std::int64_t>& order,
                    std::int64_t count, const Examples& examples, const Dataset& data);
/// The same as a list of objects.
Json suspects_json(const LabelPosterior& posterior, const std::vector<std::int64_t>& order,
                   std::int64_t count, const Examples& examples, const Dataset& data);

}  // namespace elbo::command
