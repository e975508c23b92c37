// The penalty on one value of an autoencoder's code; a formula header, see math/formula.h.
#if !defined(ELBO_MATH_CODE_PENALTY_H) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_CODE_PENALTY_H

#include "math/elementary.h"

namespace ELBO_FORMULAS {

/// l1 |z| + l2 z².
template <class V>
ELBO_HD inline V code_penalty(V z, float l1, float l2) {
  return V(l1) * abs(z) + V(l2) * z * z;
}
/// Its derivative, 0 at 0.
template <class V>
ELBO_HD inline V code_penalty_slope(V z, float l1, float l2) {
  const V sign = select(z < V(0.0f), V(-1.0f), select(V(0.0f) < z, V(1.0f), V(0.0f)));
  return V(l1) * sign + V(2.0f * l2) * z;
}

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_CODE_PENALTY_H
