#pragma once
// The report of elbo data show: a dataset's splits, columns and labels.

#include "elbo/elbo.h"
#include "reports/report.h"

namespace elbo::command {

/// In lines of 80 characters, as far as names allow.
void print_data(const Dataset& data, const DatasetSummary& summary);

Json data_json(const Dataset& data, const DatasetSummary& summary);

/// Every label with its examples in each split; nothing if there are none.
void print_labels(const std::vector<SplitSummary>& splits);
/// [{"label": …, "count": …}, …]
Json labels_json(const SplitSummary& split);

}  // namespace elbo::command
