#pragma once
// What a step does with its gradient.

#include "elbo/recipe.h"
#include "nn/parameters.h"
#include "ops/adam.h"

namespace elbo {

/// Adam over the parameters that gradients move, with clipping before it and a running average of the values
/// behind it where the settings ask for them. Its methods give ops to the device; they allocate nothing.
class Optimizer {
 public:
  /// Prepares the parameters for training. All must outlive this. Throws DeviceError (out of memory).
  Optimizer(Context& context, nn::Parameters& parameters, const TrainSettings& settings);

  const ops::AdamSettings& adam() const noexcept { return adam_; }
  /// Whether it needs the whole gradient before it moves a parameter.
  bool needs_whole_gradient() const noexcept { return clip_norm_ > 0.0f; }

  /// Clips Parameters::gradient() and moves the values by it. `state` is in device memory.
  void step(const StepState* state);
  /// Moves those alone that took no step in the backward pass (ParameterInfo::steps_with_gradient).
  void step_after(const StepState* state);
  /// Brings the running average up to date, where there is one.
  void average(const StepState* state);

 private:
  void move(const nn::ArrayRange& range, const StepState* state);

  Context& context_;
  nn::Parameters& parameters_;
  ops::AdamSettings adam_;
  float clip_norm_;
  double decay_;  ///< of the running average; 0: there is none
  Buffer<double> clip_scratch_;
};

}  // namespace elbo
