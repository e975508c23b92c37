#pragma once
// Activations and their derivatives in float64.

#include <cmath>

#include "math/activation_kind.h"

namespace elbo::test {

/// act(x), straight from the definitions (gelu: Hendrycks & Gimpel 2016; silu: Elfwing et al. 2018).
inline double activate_reference(Activation activation, double x) {
  switch (activation) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return x < 0.0 ? 0.0 : x;
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1.0 / (1.0 + std::exp(-x));
    case Activation::gelu:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case Activation::silu:
      return x / (1.0 + std::exp(-x));
  }
  return NAN;
}

/// act′ at the pre-activation x, by central differences of the definition; relu's is 0 at 0.
inline double derivative_reference(Activation activation, double x) {
  if (activation == Activation::relu) return x > 0.0 ? 1.0 : 0.0;
  constexpr double kStep = 1e-5;
  return (activate_reference(activation, x + kStep) - activate_reference(activation, x - kStep)) /
         (2.0 * kStep);
}

}  // namespace elbo::test
