#include "ops/activation_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/activation_rows.cpp"
#include "ops/foreach_target.h"
// It goes first.
#include "ops/simd.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

using math::HWY_NAMESPACE::AllLanes;
using math::HWY_NAMESPACE::FirstLanes;
using math::HWY_NAMESPACE::Floats;

template <Activation kActivation, class Access>
HWY_INLINE void bias_activation_lanes(Access access, float* y, const float* bias, float* saved) {
  Floats x = access.load(y);
  if (bias) x += access.load(bias);
  if (saved) access.store(x, saved);
  access.store(math::HWY_NAMESPACE::activate<kActivation>(x), y);
}

template <Activation kActivation>
void bias_activation(float* y, const float* bias, float* saved, std::int64_t size) {
  const auto at = [](auto* from, std::int64_t j) { return from ? from + j : nullptr; };
  std::int64_t j = 0;
  for (; j + Floats::kLanes <= size; j += Floats::kLanes) {
    bias_activation_lanes<kActivation>(AllLanes(), y + j, at(bias, j), at(saved, j));
  }
  if (j < size) {
    bias_activation_lanes<kActivation>(FirstLanes{size - j}, y + j, at(bias, j), at(saved, j));
  }
}

template <Activation kActivation, class Access>
HWY_INLINE void derivative_lanes(Access access, float* d, const float* saved) {
  const Floats slope = math::HWY_NAMESPACE::activation_derivative<kActivation>(access.load(saved));
  access.store(access.load(d) * slope, d);
}

template <Activation kActivation>
void derivative(float* d, const float* saved, std::int64_t size) {
  if constexpr (kActivation == Activation::identity) return;
  std::int64_t j = 0;
  for (; j + Floats::kLanes <= size; j += Floats::kLanes) {
    derivative_lanes<kActivation>(AllLanes(), d + j, saved + j);
  }
  if (j < size) derivative_lanes<kActivation>(FirstLanes{size - j}, d + j, saved + j);
}

void bias_activation_of(Activation activation, float* y, const float* bias, float* saved, std::int64_t size) {
  switch (activation) {
#define ELBO_CASE(kind)  \
  case Activation::kind: \
    return bias_activation<Activation::kind>(y, bias, saved, size);
    ELBO_ACTIVATIONS(ELBO_CASE)
#undef ELBO_CASE
  }
}

void derivative_of(Activation activation, float* d, const float* saved, std::int64_t size) {
  switch (activation) {
#define ELBO_CASE(kind)  \
  case Activation::kind: \
    return derivative<Activation::kind>(d, saved, size);
    ELBO_ACTIVATIONS(ELBO_CASE)
#undef ELBO_CASE
  }
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
