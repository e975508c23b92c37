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
  const std::int64_t size = condition.cols * condition.cols;
  std::vector<float> identity(static_cast<std::size_t>(size));
  for (std::int64_t y = 0; y < condition.cols; ++y)
    identity[static_cast<std::size_t>(y * condition.cols + y)] = 1.0f;
  const std::size_t bytes = sizeof(float) * identity.size();
  context.copy_to_device(condition.data, identity.data(), bytes);
  for (std::int64_t i = 1; i < batch.rows(); ++i)
    context.copy_on_device(condition.data + i * size, condition.data, bytes);
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
