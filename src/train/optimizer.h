#pragma once
// What a step does with its gradient.

#include <cmath>

#include "elbo/recipe.h"
#include "nn/parameters.h"
#include "ops/adam.h"
#include "ops/reduce.h"

namespace elbo {

/// Adam, or what train.optimizer says, over the parameters that gradients move, with a running average of the
/// values behind it where the settings ask for one. Before it, in this order: the norm of the whole gradient
/// as it is says whether the step is skipped, and the gradient is normalised or clipped. Its methods give ops
/// to the device; they allocate nothing.
class Optimizer {
 public:
  /// Prepares the parameters for training. All must outlive this. Throws ConfigError (an optimizer
  /// that is not known), DeviceError (out of memory).
  Optimizer(Context& context, nn::Parameters& parameters, const TrainSettings& settings);

  const ops::AdamSettings& adam() const noexcept { return adam_; }
  /// Whether it needs the whole gradient before it moves a parameter.
  bool needs_whole_gradient() const noexcept { return normalizes() || skips() || std::isfinite(clip_norm_); }

  /// Moves the values by Parameters::gradient(), or leaves out the step and notes that in `state` and
  /// `skipped`. Both are in device memory.
  void step(StepState* state, SkippedSteps* skipped);
  /// Moves those alone that took no step in the backward pass (ParameterInfo::steps_with_gradient).
  void step_after(const StepState* state);
  /// Brings the running average up to date, where there is one.
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
  double decay_;                    ///< of the running average; 0: there is none
  Buffer<ops::RangeSpan> tensors_;  ///< whose gradients are normalised; empty: none
  Buffer<double> scratch_;
  Buffer<float> norm_;  ///< of the whole gradient; empty if no step is skipped
};

}  // namespace elbo
