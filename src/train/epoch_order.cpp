#include "train/epoch_order.h"

#include <algorithm>

#include "base/check.h"

namespace elbo {
namespace {

/// The rows of a batch that are examples in their order.
std::int64_t ordinary_rows(const TrainSettings& settings) {
  return settings.batch - settings.labelled_rows;
}

std::int64_t batches(const TrainSettings& settings, std::int64_t count) {
  return (count + ordinary_rows(settings) - 1) / ordinary_rows(settings);
}

}  // namespace

std::int64_t epoch_rows(const TrainSettings& settings, std::int64_t count) {
  if (settings.labelled_rows == 0) return count;
  return count + batches(settings, count) * settings.labelled_rows;
}

std::vector<std::int64_t> epoch_order(const TrainSettings& settings, const data::ResidentData& data,
                                      std::int64_t epoch) {
  std::vector<std::int64_t> all = data::epoch_permutation(data.count(), settings.seed, epoch);
  if (settings.labelled_rows == 0) return all;
  const std::vector<std::int64_t>& labelled = data.labelled();
  ELBO_CHECK(!labelled.empty(), ShapeError, "train.labelled_rows needs examples with labels");
  // Another seed, so that the turns do not follow the order of all.
  const auto turns = data::epoch_permutation(std::ssize(labelled), ~settings.seed, epoch);
  std::vector<std::int64_t> order;
  order.reserve(static_cast<std::size_t>(epoch_rows(settings, data.count())));
  std::size_t turn = 0;
  for (auto from = all.begin(); from != all.end();) {
    const auto to = from + std::min<std::int64_t>(ordinary_rows(settings), all.end() - from);
    order.insert(order.end(), from, to);
    for (std::int64_t row = 0; row < settings.labelled_rows; ++row, ++turn)
      order.push_back(labelled[static_cast<std::size_t>(turns[turn % turns.size()])]);
    from = to;
  }
  return order;
}

std::int64_t labelled_epoch_rows(const TrainSettings& settings, const data::ResidentData& data) {
  return std::ssize(data.labelled()) + epoch_rows(settings, data.count()) - data.count();
}

}  // namespace elbo
