#pragma once
// How the examples of an epoch are cut into steps, and those into batches.

#include <algorithm>
#include <cstdint>

#include "elbo/recipe.h"

namespace elbo {

struct StepSizes {
  std::int64_t examples = 0;   ///< of an epoch
  std::int64_t batch = 0;      ///< examples of a full batch
  std::int64_t step_rows = 0;  ///< those of a full step: of as many batches as make it up

  StepSizes(const TrainSettings& settings, std::int64_t count)
      : examples(count),
        batch(std::min(settings.batch, count)),
        step_rows(std::min(batch * settings.accumulation_steps, count)) {}

  /// Steps of an epoch, and those of them that are full.
  std::int64_t steps_per_epoch() const { return (examples + step_rows - 1) / step_rows; }
  std::int64_t full_steps() const { return examples / step_rows; }
  /// Examples of the last step where it is not a full one; else 0.
  std::int64_t ragged_rows() const { return examples % step_rows; }
  /// Examples in the first `steps` steps.
  std::int64_t examples_in(std::int64_t steps) const { return std::min(steps * step_rows, examples); }
};

}  // namespace elbo
