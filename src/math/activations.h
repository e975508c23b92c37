// Activations and their derivatives (a formula header, see math/formula.h).
#if !defined(ELBO_MATH_ACTIVATIONS_H) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_ACTIVATIONS_H

#include <type_traits>

#include "math/activation_kind.h"
#include "math/elementary.h"

namespace ELBO_FORMULAS {

/// y = act(x). Every activation maps NaN to NaN, so that divergence shows. gelu is the exact form, x Φ(x)
/// (Hendrycks & Gimpel 2016), PyTorch's default; silu is x σ(x).
template <Activation kActivation, class V>
ELBO_HD inline V activate(V x) {
  if constexpr (kActivation == Activation::relu) {
    return select(x < V(0.0f), V(0.0f), x);
  } else if constexpr (kActivation == Activation::tanh) {
    return tanh(x);
  } else if constexpr (kActivation == Activation::sigmoid) {
    return logistic(x);
  } else if constexpr (kActivation == Activation::gelu) {
    return x * normal_functions(x).distribution;
  } else if constexpr (kActivation == Activation::silu) {
    return x * logistic(x);
  } else {
    static_assert(kActivation == Activation::identity);
    return x;
  }
}

/// act′ computed from `saved`: the activation's input if derivative_needs_input(kActivation), else its
/// output. relu′(0) = 0, as in PyTorch.
template <Activation kActivation, class V>
ELBO_HD inline V activation_derivative(V saved) {
  const V one(1.0f);
  if constexpr (kActivation == Activation::relu) {
    return select(saved <= V(0.0f), V(0.0f), one);
  } else if constexpr (kActivation == Activation::tanh) {
    return one - saved * saved;
  } else if constexpr (kActivation == Activation::sigmoid) {
    return saved * (one - saved);
  } else if constexpr (kActivation == Activation::gelu) {
    const auto normal = normal_functions(saved);
    return normal.distribution + saved * normal.density;
  } else if constexpr (kActivation == Activation::silu) {
    const V sigmoid = logistic(saved);
    return sigmoid * (one + saved * (one - sigmoid));
  } else {
    static_assert(kActivation == Activation::identity);
    return one;
  }
}

/// Calls f(kind) with the activation as a constant, `kind.value`.
template <class F>
ELBO_HD inline auto visit_activation(Activation activation, const F& f) {
  switch (activation) {
#define ELBO_CASE(kind)  \
  case Activation::kind: \
    return f(std::integral_constant<Activation, Activation::kind>());
    ELBO_ACTIVATIONS(ELBO_CASE)
#undef ELBO_CASE
  }
  return f(std::integral_constant<Activation, Activation::identity>());
}

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_ACTIVATIONS_H
