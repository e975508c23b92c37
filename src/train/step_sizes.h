#pragma once
// How an epoch's examples are divided into steps, and steps into batches.

#include <algorithm>
#include <cstdint>

#include "elbo/recipe.h"
#include "train/epoch_order.h"

namespace elbo {

struct StepSizes {
  std::int64_t examples = 0;   ///< rows of an epoch; an example may have several
  std::int64_t batch = 0;      ///< examples of a full batch
  std::int64_t step_rows = 0;  ///< examples of a full step, in all its batches

  /// For epochs over `count` examples.
  StepSizes(const TrainSettings& settings, std::int64_t count)
      : examples(epoch_rows(settings, count)),
        batch(std::min(settings.batch, examples)),
        step_rows(std::min(batch * settings.accumulation_steps, examples)) {}

  /// The number of an epoch's steps, and of its full steps.
  std::int64_t steps_per_epoch() const { return (examples + step_rows - 1) / step_rows; }
  std::int64_t full_steps() const { return examples / step_rows; }
  /// Examples of the last step if it is not full; else 0.
  std::int64_t ragged_rows() const { return examples % step_rows; }
  /// Examples in the first `steps` steps.
  std::int64_t examples_in(std::int64_t steps) const { return std::min(steps * step_rows, examples); }
};

}  // namespace elbo
