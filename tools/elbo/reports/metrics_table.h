#pragma once
// A run's metrics.jsonl, and the same as a table.

#include <filesystem>
#include <vector>

#include "reports/report.h"

namespace elbo::command {

/// The objects of metrics.jsonl in a run's folder, one an epoch; without a last line that is not complete.
/// Empty if there is no such file. Throws IoError.
std::vector<Json> read_metrics(const std::filesystem::path& folder);

/// Writes them as .csv, a line an epoch: "train_elbo" is elbo of train. A cell is empty where an epoch lacks
/// the value. Throws IoError.
void write_metrics_csv(const std::filesystem::path& file, const std::vector<Json>& epochs);

}  // namespace elbo::command
