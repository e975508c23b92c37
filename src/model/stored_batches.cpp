#include "model/stored_batches.h"

#include <numeric>
#include <utility>

#include "base/check.h"
#include "data/check.h"
#include "data/classes.h"
#include "model/conditions.h"
#include "model/label_probabilities.h"

namespace elbo {
namespace {

const Examples& checked(const ModelState& state, const Examples& examples, bool labels_read) {
  const ModelConfig& config = state.vae->config();
  if (examples.dims != config.dims && !examples.empty()) {
    throw ShapeError(concat("the data has ", examples.dims, " values a row, but the model was made for ",
                            config.dims, ". Use the data it was trained on, or train a new model."));
  }
  auto ranges = state.vae->likelihood().ranges(state.recipe.data);
  for (data::ValueRange& range : ranges) range.may_miss = range.may_miss || config.missing;
  data::check_support(examples, ranges, "the evaluated examples");
  if (labels_read && !examples.empty()) check_example_conditions(state, examples, "the evaluated examples");
  return examples;
}

std::vector<std::int64_t> counting(std::int64_t count) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  return order;
}

}  // namespace

StoredBatches::StoredBatches(const ModelState& state, const Examples& examples, std::uint64_t seed,
                             std::int32_t label)
    : StoredBatches(state, state.standardization(), examples, seed, label) {}

StoredBatches::StoredBatches(const ModelState& state, data::Standardization statistics,
                             const Examples& examples, std::uint64_t seed, std::optional<std::int32_t> label)
    : vae_(state.vae.get()),
      statistics_(std::move(statistics)),
      resident_(data::ResidentData::borrow(vae_->context(), checked(state, examples, !label))),
      preprocessor_(vae_->context(), state.recipe.data.binarize, !examples.bytes.empty(), statistics_.mean,
                    statistics_.deviation),
      order_(vae_->context(), counting(examples.count)),
      seed_(seed),
      label_(label),
      log_volumes_(statistics_.log_volumes(examples)) {
  if (!vae_->config().condition_levels.empty())
    resident_.set_conditions(vae_->context(), network_conditions(state, statistics_, examples));
  if (!vae_->parts().condition.inferred() || label_ || count() == 0) return;
  if (data::labelled_count(examples) == count()) {
    labels_ = examples.labels;
    return;
  }
  label_ = 0;  // q(y|x) does not depend on it
  labels_ = likeliest_labels(label_probabilities(*state.vae, *this));
  label_ = std::nullopt;
  for (std::size_t i = 0; i < examples.labels.size(); ++i)
    if (examples.labels[i] != kNoLabel) labels_[i] = examples.labels[i];
}

void StoredBatches::fill(const Batch& batch, std::int64_t first) const {
  const Condition& condition = vae_->parts().condition;
  const VectorView<const std::int64_t> order = order_.view().part(first, batch.rows());
  ops::gather_batch(vae_->context(), {.x = batch.x(), .mask = batch.mask(), .examples = batch.examples()},
                    resident_.source(order), preprocessor_.keyed(seed_, nullptr), nullptr);
  if (label_ || batch.classes() > 1) {  // a bound over all classes knows none
    const std::int32_t label = batch.classes() > 1 ? kNoLabel : *label_;
    const std::vector<std::int32_t> labels(static_cast<std::size_t>(batch.rows()), label);
    return condition.set(vae_->run(), batch, labels, 0);
  }
  if (!labels_.empty()) return condition.set(vae_->run(), batch, labels_, first);
  condition.read(vae_->run(), batch, resident_.conditions(order), nullptr);
}

EvaluationData StoredBatches::data() const {
  return {.count = count(),
          .log_volumes = log_volumes_,
          .deviation = statistics_.deviation,
          .fill = [this](const Batch& batch, std::int64_t first) { fill(batch, first); }};
}

Examples to_examples(const Table& table) {
  Examples examples;
  examples.origin = "the table";
  examples.count = table.rows;
  examples.dims = table.cols;
  examples.floats = table.values;
  return examples;
}

}  // namespace elbo
