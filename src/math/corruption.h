// Corruption of a denoising model's inputs (Vincent et al. 2008, 2010); a formula header, see math/formula.h.
#if !defined(ELBO_MATH_CORRUPTION_H) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_CORRUPTION_H

#include "math/elementary.h"

namespace ELBO_FORMULAS {

/// Additive Gaussian noise with a standard deviation.
template <class V>
ELBO_HD inline V with_gaussian_noise(V x, V normal, float deviation) {
  return x + V(deviation) * normal;
}
/// Masking noise: replaces a fraction of the values by 0; `uniform` is in [0, 1).
template <class V>
ELBO_HD inline V with_masking_noise(V x, V uniform, float fraction) {
  return select(uniform < V(fraction), V(0.0f), x);
}

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_CORRUPTION_H
