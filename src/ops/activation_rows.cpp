#include "ops/activation_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/activation_rows.cpp"
#include "ops/foreach_target.h"
// It goes first.
#include "ops/simd.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

using math::HWY_NAMESPACE::Floats;

template <Activation kActivation>
void bias_activation(float* y, const float* bias, float* saved, std::int64_t size) {
  std::int64_t j = 0;
  for (; j + Floats::kLanes <= size; j += Floats::kLanes) {
    Floats x = Floats::load(y + j);
    if (bias) x += Floats::load(bias + j);
    if (saved) x.store(saved + j);
    math::HWY_NAMESPACE::activate<kActivation>(x).store(y + j);
  }
  if (const std::int64_t rest = size - j; rest > 0) {
    Floats x = Floats::load_first(y + j, rest);
    if (bias) x += Floats::load_first(bias + j, rest);
    if (saved) x.store_first(saved + j, rest);
    math::HWY_NAMESPACE::activate<kActivation>(x).store_first(y + j, rest);
  }
}

template <Activation kActivation>
void derivative(float* d, const float* saved, std::int64_t size) {
  if constexpr (kActivation == Activation::identity) return;
  std::int64_t j = 0;
  for (; j + Floats::kLanes <= size; j += Floats::kLanes) {
    const Floats slope = math::HWY_NAMESPACE::activation_derivative<kActivation>(Floats::load(saved + j));
    (Floats::load(d + j) * slope).store(d + j);
  }
  if (const std::int64_t rest = size - j; rest > 0) {
    const Floats slope =
        math::HWY_NAMESPACE::activation_derivative<kActivation>(Floats::load_first(saved + j, rest));
    (Floats::load_first(d + j, rest) * slope).store_first(d + j, rest);
  }
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
