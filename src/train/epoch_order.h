#pragma once
// The order of an epoch's rows.

#include <cstdint>
#include <vector>

#include "data/resident.h"
#include "elbo/recipe.h"

namespace elbo {

/// The rows of an epoch over `count` examples: each example once, and with train.labelled_rows as many
/// labelled examples more in each batch.
std::int64_t epoch_rows(const TrainSettings& settings, std::int64_t count);

/// The examples of an epoch's rows, the epochs counted from 1: all in a shuffled order, and with
/// train.labelled_rows, at the end of each batch, labelled ones, which take turns in a shuffled order.
std::vector<std::int64_t> epoch_order(const TrainSettings& settings, const data::ResidentData& data,
                                      std::int64_t epoch);

/// The rows of an epoch whose examples have labels.
std::int64_t labelled_epoch_rows(const TrainSettings& settings, const data::ResidentData& data);

}  // namespace elbo
