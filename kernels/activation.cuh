#pragma once
// Activations of four values, chosen when the kernel runs: one branch for all of a warp, and a product's
// kernel is compiled once and not once an activation.

#include "math/activations.h"
#include "platform.cuh"

namespace elbo::cuda {

template <class Function>
__device__ float4 for_each4(float4 x, const Function& function) {
  return {function(x.x), function(x.y), function(x.z), function(x.w)};
}

/// act(x).
__device__ inline float4 activate(Activation activation, float4 x) {
  return math::visit_activation(activation, [&](auto kind) {
    return for_each4(x, [](float value) { return math::activate<decltype(kind)::value>(value); });
  });
}

/// act′ from what it is computed from, see math::activation_derivative.
__device__ inline float4 activation_derivative(Activation activation, float4 saved) {
  return math::visit_activation(activation, [&](auto kind) {
    return for_each4(saved,
                     [](float value) { return math::activation_derivative<decltype(kind)::value>(value); });
  });
}

}  // namespace elbo::cuda
