#pragma once
// What a training step runs, measured op by op: what `elbo info --plan` prints.

#include <vector>

#include "elbo/dataset.h"
#include "model/state.h"
#include "ops/op_trace.h"

namespace elbo {

struct StepPlan {
  std::int64_t batch = 0;
  std::vector<OpCall> calls;  ///< of a step with a full batch, in order; each one's time a median
  double op_seconds = 0.0;    ///< theirs together
  double step_seconds = 0.0;  ///< a whole step as training runs it, where some of them run side by side
};

/// Runs some steps of a training of `model` on `data`, which changes its parameters. Throws what train()
/// throws of data that does not suit the model, DeviceError.
StepPlan plan_step(Model& model, const Dataset& data);

}  // namespace elbo
