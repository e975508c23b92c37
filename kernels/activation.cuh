#pragma once
// Activations of four values, chosen at run time: all of a warp takes one branch, and a product's kernel is
// compiled once instead of once per activation. math::visit_activation is compiled for the host, too, where
// nvcc forbids calling a __device__ lambda, so it calls a struct.

#include "math/activations.h"
#include "platform.cuh"

namespace elbo::cuda {

struct Activate4 {
  float4 x;

  template <class Kind>
  ELBO_HD float4 operator()(Kind) const {
    constexpr Activation kKind = Kind::value;
    return {math::activate<kKind>(x.x), math::activate<kKind>(x.y), math::activate<kKind>(x.z),
            math::activate<kKind>(x.w)};
  }
};

struct ActivationDerivative4 {
  float4 saved;

  template <class Kind>
  ELBO_HD float4 operator()(Kind) const {
    constexpr Activation kKind = Kind::value;
    return {math::activation_derivative<kKind>(saved.x), math::activation_derivative<kKind>(saved.y),
            math::activation_derivative<kKind>(saved.z), math::activation_derivative<kKind>(saved.w)};
  }
};

/// act(x).
__device__ inline float4 activate(Activation activation, float4 x) {
  return math::visit_activation(activation, Activate4{x});
}

/// act′ from its saved value, see math::activation_derivative.
__device__ inline float4 activation_derivative(Activation activation, float4 saved) {
  return math::visit_activation(activation, ActivationDerivative4{saved});
}

}  // namespace elbo::cuda
