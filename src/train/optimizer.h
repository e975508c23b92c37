#pragma once
// The optimizer's use of a step's gradient.

#include <cmath>

#include "elbo/recipe.h"
#include "nn/parameters.h"
#include "ops/adam.h"
#include "ops/reduce.h"

namespace elbo {

/// The rule of train.optimizer over the parameters that gradients move, followed by the running average of
/// the values if set. Before the rule, the norm of the whole gradient decides whether the step is skipped;
/// then the gradient is normalised or clipped. Its methods launch ops on the device and do not allocate.
class Optimizer {
 public:
  /// Prepares the parameters for training. All arguments must outlive this. Throws ConfigError (unknown
  /// optimizer), DeviceError (out of memory).
  Optimizer(Context& context, nn::Parameters& parameters, const TrainSettings& settings);

  const ops::AdamSettings& adam() const noexcept { return adam_; }
  /// Whether it needs the whole gradient before it moves a parameter.
  bool needs_whole_gradient() const noexcept { return normalizes() || skips() || std::isfinite(clip_norm_); }

  /// Moves the values by Parameters::gradient(), or skips the step and records that in `state` and `skipped`.
  /// Both are in device memory.
  void step(StepState* state, SkippedSteps* skipped);
  /// Moves only the parameters that took no step in the backward pass (see
  /// ParameterInfo::steps_with_gradient).
  void step_after(const StepState* state);
  /// Updates the running average, if there is one.
  void average(const StepState* state);

 private:
  bool normalizes() const noexcept { return tensors_.size() > 0; }
  bool skips() const noexcept { return norm_.size() > 0; }
  void move(const nn::ArrayRange& range, const StepState* state);

  Context& context_;
  nn::Parameters& parameters_;
  ops::AdamSettings adam_;
  float clip_norm_;  ///< infinite: none
  float skip_norm_;
  double decay_;                    ///< decay of the running average; 0: none
  Buffer<ops::RangeSpan> tensors_;  ///< tensors whose gradients are normalised; empty: none
  Buffer<double> scratch_;
  Buffer<float> norm_;  ///< norm of the whole gradient; empty if no step is skipped
};

}  // namespace elbo
