#include <algorithm>

#include "ops/one_hot.h"
#include "vae/input/input.h"

namespace elbo {

void Condition::declare(nn::Builder& builder, BatchSlots& slots) const {
  if (classes_ == 0) return;
  slots.label = builder.activation({.name = "label", .cols = 1, .of_batch = true});
  slots.condition = builder.activation({.name = "condition",
                                        .rows = inferred_ ? nn::Rows::classes : nn::Rows::examples,
                                        .cols = classes_,
                                        .of_batch = !inferred_,
                                        .no_gradient = true});
}

void Condition::enumerate(Context& context, const Batch& batch) const {
  if (batch.classes() == 1) return;
  const MatrixView<float> condition = batch.condition();
  std::vector<float> values(static_cast<std::size_t>(condition.rows * condition.cols));
  for (std::int64_t row = 0; row < condition.rows; ++row)
    values[static_cast<std::size_t>(row * condition.cols + row % classes_)] = 1.0f;
  context.copy_to_device(condition.data, values.data(), sizeof(float) * values.size());
  context.synchronize();
}

void Condition::encode_labels(Context& context, const Batch& batch) const {
  if (batch.classes() > 1) return;  // see enumerate()
  ops::one_hot(context, batch.condition(), batch.label(), {}, classes_);
}

void Condition::read(Context& context, const Batch& batch, const ops::GatherSource& labels,
                     const StepState* state) const {
  if (classes_ == 0) return;
  ops::gather_batch(context, {.x = batch.label(), .mask = {}, .examples = {}}, labels, {}, state);
  encode_labels(context, batch);
}

void Condition::set(Context& context, const Batch& batch, std::span<const std::int32_t> labels,
                    std::int64_t first) const {
  if (classes_ == 0) return;
  const auto rows = labels.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(batch.rows()));
  std::vector<float> values(rows.begin(), rows.end());
  std::ranges::replace(values, static_cast<float>(kNoLabel), -1.0f);
  context.copy_to_device(batch.label().data, values.data(), sizeof(float) * values.size());
  encode_labels(context, batch);
}

}  // namespace elbo
