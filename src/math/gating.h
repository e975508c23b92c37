// Gates (a formula header, see math/formula.h).
#if !defined(ELBO_MATH_GATING_H) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_GATING_H

#include "math/elementary.h"

namespace ELBO_FORMULAS {

/// y = a σ(b).
template <class V>
ELBO_HD inline V gated(V a, V b) {
  return a * logistic(b);
}

/// ∂y/∂a and ∂y/∂b.
template <class V>
struct GatedSlopes {
  V value, gate;
};
template <class V>
ELBO_HD inline GatedSlopes<V> gated_slopes(V a, V b) {
  const V one(1.0f), e = exp(-abs(b)), inverse = one / (one + e);
  return {select(b < V(0.0f), e, one) * inverse, a * (e * inverse * inverse)};
}

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_GATING_H
