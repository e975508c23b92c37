#pragma once
// What a step does with its gradient.

#include "elbo/recipe.h"
#include "nn/parameters.h"
#include "ops/adam.h"
#include "ops/reduce.h"

namespace elbo {

/// Adam, or what train.optimizer says, over all parameters that gradients move, with gradients normalised or
/// clipped before it and a running average of the values behind it where the settings ask for them. Its
/// methods give ops to the device; they allocate nothing.
class Optimizer {
 public:
  /// Prepares the parameters for training. All must outlive this. Throws ConfigError (an optimizer
  /// that is not known), DeviceError (out of memory).
  Optimizer(Context& context, nn::Parameters& parameters, const TrainSettings& settings);

  const ops::AdamSettings& adam() const noexcept { return adam_; }
  /// Whether it needs the whole gradient before it moves a parameter.
  bool needs_whole_gradient() const noexcept { return normalizes() || clip_norm_ > 0.0f; }

  /// Normalises or clips Parameters::gradient() and moves the values by it. `state` is in device memory.
  void step(const StepState* state);
  /// Brings the running average up to date, where there is one.
  void average(const StepState* state);

 private:
  bool normalizes() const noexcept { return tensors_.size() > 0; }

  Context& context_;
  nn::Parameters& parameters_;
  ops::AdamSettings adam_;
  float clip_norm_;
  double decay_;                    ///< of the running average; 0: there is none
  Buffer<ops::RangeSpan> tensors_;  ///< whose gradients are normalised; empty: none
  Buffer<double> scratch_;
};

}  // namespace elbo
