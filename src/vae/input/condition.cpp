#include <algorithm>

#include "base/check.h"
#include "ops/column_input.h"
#include "ops/one_hot.h"
#include "vae/input/input.h"

namespace elbo {
namespace {

/// The table of column_input: a block of one-hot columns for levels, one column for a number.
std::vector<std::int32_t> condition_table(const std::vector<std::int32_t>& levels) {
  std::vector<std::int32_t> table;
  for (std::int32_t j = 0; j < std::ssize(levels); ++j) {
    const std::int32_t count = levels[static_cast<std::size_t>(j)];
    for (std::int32_t level = 0; level < count; ++level) table.insert(table.end(), {j, level});
    if (count == 0) table.insert(table.end(), {j, math::kAsItIs});
  }
  return table;
}

}  // namespace

void Condition::declare(nn::Builder& builder, BatchSlots& slots) {
  if (!*this) return;
  std::int64_t width = classes_;
  if (classes_ == 0) {
    const std::vector<std::int32_t> table = condition_table(levels_);
    width = std::ssize(table) / 2;
    table_ = builder.constant(table);
  }
  slots.label = builder.activation(
      {.name = classes_ > 0 ? "label" : "conditions", .cols = columns(), .of_batch = true});
  slots.condition = builder.activation({.name = "condition",
                                        .rows = inferred_ ? nn::Rows::classes : nn::Rows::examples,
                                        .cols = width,
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

void Condition::expand(const nn::Run& run, const Batch& batch) const {
  if (batch.classes() > 1) return;  // see enumerate()
  if (classes_ > 0) return ops::one_hot(run.context, batch.condition(), batch.label(), {}, classes_);
  ops::column_input(run.context, batch.condition(), batch.label(), {}, run.parameters.constant(table_));
}

void Condition::read(const nn::Run& run, const Batch& batch, const ops::GatherSource& conditions,
                     const StepState* state) const {
  if (!*this) return;
  ops::gather_batch(run.context, {.x = batch.label(), .mask = {}, .examples = {}}, conditions, {}, state);
  expand(run, batch);
}

void Condition::set(const nn::Run& run, const Batch& batch, const Table& conditions,
                    std::int64_t first) const {
  if (!*this) return;
  const MatrixView<float> to = batch.label();
  ELBO_CHECK(conditions.cols == to.cols && to.stride == to.cols && first + to.rows <= conditions.rows,
             ShapeError, conditions.rows, " x ", conditions.cols, " conditions for ", to.rows, " rows from ",
             first, " on, of ", to.cols);
  run.context.copy_to_device(to.data, conditions.row(first).data(),
                             sizeof(float) * static_cast<std::size_t>(to.rows * to.cols));
  expand(run, batch);
}

void Condition::set(const nn::Run& run, const Batch& batch, std::span<const std::int32_t> labels,
                    std::int64_t first) const {
  if (!*this) return;
  Table table{std::ssize(labels), 1, {labels.begin(), labels.end()}};
  std::ranges::replace(table.values, static_cast<float>(kNoLabel), -1.0f);
  set(run, batch, table, first);
}

}  // namespace elbo
