// The divergence of one dimension of a Gaussian posterior from the standard normal prior; a formula header,
// see math/formula.h.
#if !defined(ELBO_MATH_POSTERIOR_H) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_POSTERIOR_H

#include "math/elementary.h"

namespace ELBO_FORMULAS {

/// KL(N(μ, σ²) ‖ N(0, 1)) = ½ (μ² + σ² − log σ² − 1), in nats.
template <class V>
ELBO_HD inline V posterior_kl(V mean, V log_variance) {
  return V(0.5f) * (mean * mean + (exp(log_variance) - log_variance - V(1.0f)));
}

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_POSTERIOR_H
