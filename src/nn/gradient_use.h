#pragma once
// What a backward pass does with the gradients of the parameters.

#include <span>

#include "ops/adam.h"
#include "runtime/lane.h"

namespace elbo::nn {

struct GradientUse {
  bool parameters = true;   ///< false: those of the parameters are not computed at all
  bool accumulate = false;  ///< "+=" in Parameters::gradient(), else "="
  /// Where not null, parameters that were declared with ParameterInfo::steps_with_gradient take their step as
  /// soon as nothing has to read them any more, and their part of Parameters::gradient() is undefined
  /// afterwards. Excludes `accumulate`.
  const ops::AdamSettings* adam = nullptr;
  const StepState* state = nullptr;  ///< Adam's, in device memory
  /// Where gradients of parameters are computed, layers in turn; empty: on the main line.
  std::span<Lane> lanes;
};

}  // namespace elbo::nn
