#include "ops/activation_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/activation_rows.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "ops/simd.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

template <Activation kActivation, class Access>
HWY_INLINE void bias_activation_lanes(Access access, float* y, const float* bias, float* saved) {
  Floats x = access.load(y);
  if (bias) x += access.load(bias);
  if (saved) access.store(x, saved);
  access.store(formulas::activate<kActivation>(x), y);
}

template <Activation kActivation>
void bias_activation(float* y, const float* bias, float* saved, std::int64_t size) {
  const auto at = [](auto* from, std::int64_t j) { return from ? from + j : nullptr; };
  formulas::for_lanes(size, [&](auto access, std::int64_t j) {
    bias_activation_lanes<kActivation>(access, y + j, at(bias, j), at(saved, j));
  });
}

template <Activation kActivation, class Access>
HWY_INLINE void derivative_lanes(Access access, float* d, const float* saved) {
  const Floats slope = formulas::activation_derivative<kActivation>(access.load(saved));
  access.store(access.load(d) * slope, d);
}

template <Activation kActivation>
void derivative(float* d, const float* saved, std::int64_t size) {
  if constexpr (kActivation == Activation::identity) return;
  formulas::for_lanes(
      size, [&](auto access, std::int64_t j) { derivative_lanes<kActivation>(access, d + j, saved + j); });
}

void bias_activation_of(Activation activation, float* y, const float* bias, float* saved, std::int64_t size) {
  formulas::visit_activation(activation,
                             [&](auto kind) { bias_activation<kind.value>(y, bias, saved, size); });
}

void derivative_of(Activation activation, float* d, const float* saved, std::int64_t size) {
  formulas::visit_activation(activation, [&](auto kind) { derivative<kind.value>(d, saved, size); });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(bias_activation_of);
HWY_EXPORT(derivative_of);

}  // namespace

void apply_bias_activation(float* y, const float* bias, float* saved, std::int64_t size,
                           Activation activation) {
  HWY_DYNAMIC_DISPATCH(bias_activation_of)(activation, y, bias, saved, size);
}

void multiply_by_derivative(float* d, const float* saved, std::int64_t size, Activation activation) {
  HWY_DYNAMIC_DISPATCH(derivative_of)(activation, d, saved, size);
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
