#pragma once
// Adam and Adamax (Kingma & Ba 2015, Algorithms 1 and 2) as PyTorch computes them, with decoupled weight
// decay (Loshchilov & Hutter 2019) as in AdamW.

#include "math/adam_step.h"
#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// The constants of a training. The learning rate is in StepState, since schedules change it. The betas are
/// doubles, as in PyTorch: 1 − 0.999f is 1e-5 off.
struct AdamSettings {
  double beta1 = 0.9;
  double beta2 = 0.999;
  float epsilon = 1e-8f;
  float weight_decay = 0.0f;
  math::UpdateRule rule = math::UpdateRule::adam;

  math::AdamConstants constants() const {
    return {static_cast<float>(beta1),
            static_cast<float>(1.0 - beta1),
            static_cast<float>(beta2),
            static_cast<float>(1.0 - beta2),
            epsilon,
            weight_decay,
            rule};
  }
};

/// One step over the flat arena: values, m and v [size] are updated in place from `gradient` [size]:
/// p ← p − lr·λ·p; m ← β₁m + (1−β₁)g; then, by the rule,
///   adam: v ← β₂v + (1−β₂)g²; p ← p − (lr / bias_correction1) · m / (√v / √bias_correction2 + ε);
///   adamax: v ← max(β₂v, |g| + ε); p ← p − (lr / bias_correction1) · m / v.
/// Reads `state` (device); a skipped step changes nothing. Throws ShapeError.
void adam(Context& context, VectorView<float> values, VectorView<const float> gradient, VectorView<float> m,
          VectorView<float> v, const AdamSettings& settings, const StepState* state);

/// Begins a step: *next is *state with the rates rates[epoch_steps], then epoch_steps += 1, step += 1,
/// noise_time = step, cursor = next_cursor, next_cursor += batch, skipped = 0, and the bias corrections 1 −
/// βᵗ in double precision with t = step. Both are in device memory and may be the same. `rates` [steps of the
/// epoch] is on the device; beyond its end, and if it is empty, the rates stay. Throws ShapeError.
void advance_step(Context& context, StepState* next, const StepState* state,
                  VectorView<const StepRates> rates, std::int64_t batch, const AdamSettings& settings);

/// Skips the current step if its gradient cannot be trusted: if *norm, of the whole gradient, is NaN,
/// infinite or above `limit` (positive), state->skipped = 1, and *skipped counts the step. Else *skipped
/// starts a new row, and the bias corrections become those of t = state->step − skipped->total, as skipped
/// steps do not change the moments. All are in device memory. Throws ShapeError.
void skip_beyond(Context& context, StepState* state, SkippedSteps* skipped, const float* norm, float limit,
                 const AdamSettings& settings);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/adam.cu
decltype(ops::adam) adam;
decltype(ops::advance_step) advance_step;
decltype(ops::skip_beyond) skip_beyond;
}  // namespace elbo::cuda
