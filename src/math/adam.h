#pragma once
// The Adam update (Kingma & Ba 2015, Algorithm 1) in PyTorch's form, with decoupled weight decay (Loshchilov
// & Hutter 2019). For float in kernels, and for a vector of floats on the CPU.

#include <cmath>

#include "math/host_device.h"
#include "math/step_state.h"

namespace elbo::math {

/// What stays the same over a training. The complements come from betas in double, since 1 − 0.999f is 1e-5
/// off.
struct AdamConstants {
  float beta1, one_minus_beta1;
  float beta2, one_minus_beta2;
  float epsilon;
  float weight_decay;
};

inline AdamConstants adam_constants(double beta1, double beta2, float epsilon, float weight_decay) {
  return {static_cast<float>(beta1),
          static_cast<float>(1.0 - beta1),
          static_cast<float>(beta2),
          static_cast<float>(1.0 - beta2),
          epsilon,
          weight_decay};
}

/// What the update multiplies by, the same for every parameter of a step.
struct AdamCoefficients {
  AdamConstants constants;
  float decay;         ///< 1 − lr·λ
  float step_size;     ///< lr / bias_correction1
  float inverse_root;  ///< 1 / √bias_correction2
};

ELBO_HD inline AdamCoefficients adam_coefficients(const AdamConstants& constants, const StepState& state) {
  return {constants, 1.0f - state.learning_rate * constants.weight_decay,
          state.learning_rate / state.bias_correction1, 1.0f / std::sqrt(state.bias_correction2)};
}

/// One parameter's (or one vector of parameters') step. F is float, or a type with float's operators, a sqrt,
/// and construction from float.
template <class F>
ELBO_HD inline void adam_update(F& value, const F& gradient, F& m, F& v, const AdamCoefficients& c) {
  using std::sqrt;
  const AdamConstants& k = c.constants;
  m = F(k.beta1) * m + F(k.one_minus_beta1) * gradient;
  v = F(k.beta2) * v + F(k.one_minus_beta2) * gradient * gradient;
  value = F(c.decay) * value - F(c.step_size) * m / (sqrt(v) * F(c.inverse_root) + F(k.epsilon));
}

/// The counters and corrections of the step after `state`'s, over a batch of `batch` rows.
ELBO_HD inline void advance(StepState& state, std::int64_t batch, double beta1, double beta2) {
  state.step += 1;
  state.noise_time = state.step;
  state.cursor = state.next_cursor;
  state.next_cursor += batch;
  const double t = static_cast<double>(state.step);
  state.bias_correction1 = static_cast<float>(1.0 - std::pow(beta1, t));
  state.bias_correction2 = static_cast<float>(1.0 - std::pow(beta2, t));
}

}  // namespace elbo::math
