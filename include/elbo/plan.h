#pragma once
// The ops of a training step, each measured.

#include <cstdint>
#include <string>
#include <vector>

#include "elbo/dataset.h"
#include "elbo/export.h"
#include "elbo/model.h"
#include "elbo/op_call.h"

namespace elbo {

/// One layer of a model's networks.
struct LayerInfo {
  std::string name;                  ///< "encoder.hidden.0"
  std::string text;                  ///< "conv 32 k4 s2"
  std::vector<std::int64_t> input;   ///< shape of a row: [height, width, channels] or [values]
  std::vector<std::int64_t> output;  ///< the same
  std::int64_t parameters = 0;
};

struct StepPlan {
  std::int64_t batch = 0;
  std::vector<LayerInfo> layers;  ///< in the order of a forward pass
  std::vector<OpCall> calls;      ///< of a step with a full batch, in order; times are medians
  double op_seconds = 0.0;        ///< sum of the calls' times
  double step_seconds = 0.0;      ///< a whole step as in training, where some calls run in parallel
};

/// Runs some training steps of `model` on `data`, which changes its parameters. Throws like train() if the
/// data does not suit the model; DeviceError, OutOfMemoryError.
ELBO_API StepPlan plan_step(Model& model, const Dataset& data);

}  // namespace elbo
