// The Adamax update (Kingma & Ba 2015, Algorithm 2) in PyTorch's form, which adds ε to the gradient's size
// rather than to the norm, with decoupled weight decay as in math/adam.h; a formula header, see
// math/formula.h.
#if !defined(ELBO_MATH_ADAMAX_H) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_ADAMAX_H

#include "math/adam_step.h"
#include "math/elementary.h"

namespace ELBO_FORMULAS {

/// The step of one parameter, or of as many as a V holds. `u` is the infinity norm of past gradients and
/// takes the place of Adam's v; it becomes NaN if the gradient is.
template <class V>
ELBO_HD inline void adamax_update(V& value, V gradient, V& m, V& u, const AdamCoefficients& c) {
  const AdamConstants& k = c.constants;
  m = V(k.beta1) * m + V(k.one_minus_beta1) * gradient;
  const V decayed = V(k.beta2) * u, size = abs(gradient) + V(k.epsilon);
  u = select(decayed > size, decayed, size);
  value = V(c.decay) * value - V(c.step_size) * m / u;
}

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_ADAMAX_H
