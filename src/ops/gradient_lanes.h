// Stores a register of a gradient, on the CPU. Included like ops/simd.h, once per instruction set.
#include "math/activation_kind.h"

#if defined(ELBO_OPS_GRADIENT_LANES_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELBO_OPS_GRADIENT_LANES_H
#undef ELBO_OPS_GRADIENT_LANES_H
#else
#define ELBO_OPS_GRADIENT_LANES_H
#endif

#include "ops/simd.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {

/// to_j = value ⊙ act′(saved_j), or "+=" with `accumulate`. `saved` is not read for the identity.
template <Activation kActivation, class Access>
HWY_INLINE void store_gradient(Access access, math::HWY_NAMESPACE::Floats value, float* to,
                               const float* saved, std::int64_t j, bool accumulate) {
  if constexpr (kActivation != Activation::identity) {
    value = value * math::HWY_NAMESPACE::activation_derivative<kActivation>(access.load(saved + j));
  }
  if (accumulate) value = access.load(to + j) + value;
  access.store(value, to + j);
}

}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // per-target guard
