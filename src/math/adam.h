// The Adam update (Kingma & Ba 2015, Algorithm 1) in PyTorch's form, with decoupled weight decay (Loshchilov
// & Hutter 2019); a formula header, see math/formula.h.
#if !defined(ELBO_MATH_ADAM_H) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_ADAM_H

#include "math/adam_step.h"
#include "math/elementary.h"

namespace ELBO_FORMULAS {

/// The step of one parameter, or of as many as a V holds.
template <class V>
ELBO_HD inline void adam_update(V& value, V gradient, V& m, V& v, const AdamCoefficients& c) {
  const AdamConstants& k = c.constants;
  m = V(k.beta1) * m + V(k.one_minus_beta1) * gradient;
  v = V(k.beta2) * v + V(k.one_minus_beta2) * gradient * gradient;
  value = V(c.decay) * value - V(c.step_size) * m / (sqrt(v) * V(c.inverse_root) + V(k.epsilon));
}

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_ADAM_H
