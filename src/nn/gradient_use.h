#pragma once
// What a backward pass does with the gradients of the parameters.

#include <span>

#include "ops/adam.h"
#include "runtime/branch.h"

namespace elbo::nn {

struct GradientUse {
  bool parameters = true;   ///< whether the parameters' gradients are computed at all
  bool accumulate = false;  ///< "+=" in Parameters::gradient(), else "="
  /// If not null, parameters declared with ParameterInfo::steps_with_gradient take their step as soon as
  /// nothing reads them any more. Their part of Parameters::gradient() is undefined afterwards. Excludes
  /// `accumulate`.
  const ops::AdamSettings* adam = nullptr;
  const StepState* state = nullptr;  ///< Adam's, in device memory
  /// The branches that compute parameters' gradients, one per layer in turn; empty: the main line does.
  std::span<Branch> branches;
};

}  // namespace elbo::nn
