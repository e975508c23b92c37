// The update of a parameter by the training's rule; a formula header, see math/formula.h.
#if !defined(ELBO_MATH_UPDATE_H) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_UPDATE_H

#include "math/adam.h"
#include "math/adamax.h"

namespace ELBO_FORMULAS {

/// The step of one parameter, or of as many as a V holds; `second` is the rule's second moment or norm.
template <class V>
ELBO_HD inline void update_parameter(V& value, V gradient, V& m, V& second, const AdamCoefficients& c) {
  switch (c.constants.rule) {
    case UpdateRule::adam:
      return ELBO_FORMULAS::adam_update(value, gradient, m, second, c);
    case UpdateRule::adamax:
      return ELBO_FORMULAS::adamax_update(value, gradient, m, second, c);
  }
}

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_UPDATE_H
