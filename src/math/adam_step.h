#pragma once
// The constants and counters that a step of Adam or Adamax needs besides the parameters.

#include <cmath>

#include "math/host_device.h"
#include "math/step_state.h"

namespace elbo::math {

/// The formula by which two moments move a parameter: math/adam.h or math/adamax.h (see math/update.h).
enum class UpdateRule { adam, adamax };

/// The constants of a training. The complements are computed from betas in double, as 1 − 0.999f is 1e-5 off.
struct AdamConstants {
  float beta1, one_minus_beta1;
  float beta2, one_minus_beta2;
  float epsilon;
  float weight_decay;
  UpdateRule rule;
};

/// The factors of an update, the same for every parameter of a step.
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

/// The bias corrections of update t, from 1.
ELBO_HD inline void correct_bias(StepState& state, std::uint64_t update, double beta1, double beta2) {
  const double t = static_cast<double>(update);
  state.bias_correction1 = static_cast<float>(1.0 - std::pow(beta1, t));
  state.bias_correction2 = static_cast<float>(1.0 - std::pow(beta2, t));
}

/// Skips the step of `state` and counts it if its gradient's norm is not finite or is above `limit`. Else
/// computes the bias corrections from the number of updates, which excludes skipped steps.
ELBO_HD inline void skip_beyond(StepState& state, SkippedSteps& skipped, float norm, float limit,
                                double beta1, double beta2) {
  if (std::isfinite(norm) && norm <= limit) {
    skipped.in_a_row = 0;
    if (skipped.total > 0) correct_bias(state, state.step - skipped.total, beta1, beta2);
    return;
  }
  state.skipped = 1;
  skipped.total += 1;
  skipped.in_a_row += 1;
  skipped.last_norm = static_cast<double>(norm);
  if (skipped.in_a_row == kMaxSkippedInARow) skipped.stuck_at = state.step;
}

/// The counters, rates and corrections of the step after `state`'s, with a batch of `batch` rows. Its rates
/// come from its place in the epoch; beyond the end of `rates` they stay.
ELBO_HD inline StepState advanced(StepState state, const StepRates* rates, std::int64_t rates_size,
                                  std::int64_t batch, double beta1, double beta2) {
  if (state.epoch_steps < rates_size) {
    state.learning_rate = rates[state.epoch_steps].learning_rate;
    state.kl_weight = rates[state.epoch_steps].kl_weight;
    state.capacity = rates[state.epoch_steps].capacity;
  }
  state.epoch_steps += 1;
  state.step += 1;
  state.noise_time = state.step;
  state.cursor = state.next_cursor;
  state.next_cursor += batch;
  state.skipped = 0;
  correct_bias(state, state.step, beta1, beta2);
  return state;
}

}  // namespace elbo::math
