#pragma once
// The ops of a training step, each measured, for `elbo info --plan`.

#include <vector>

#include "elbo/dataset.h"
#include "model/state.h"
#include "ops/op_trace.h"

namespace elbo {

struct StepPlan {
  std::int64_t batch = 0;
  std::vector<OpCall> calls;  ///< of a step with a full batch, in order; times are medians
  double op_seconds = 0.0;    ///< sum of the calls' times
  double step_seconds = 0.0;  ///< a whole step as in training, where some calls run in parallel
};

/// Runs some training steps of `model` on `data`, which changes its parameters. Throws like train() if the
/// data does not suit the model; DeviceError.
StepPlan plan_step(Model& model, const Dataset& data);

}  // namespace elbo
