#pragma once
// The activations by name. Their formulas are in math/activations.h.

namespace elbo {

enum class Activation { identity, relu, tanh, sigmoid, gelu, silu };

/// Whether act′ is computed from the input of the activation (gelu, silu) rather than from its output.
constexpr bool derivative_needs_input(Activation activation) {
  return activation == Activation::gelu || activation == Activation::silu;
}

}  // namespace elbo
