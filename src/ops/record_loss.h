#pragma once
// What training keeps of each batch's costs on the device, so that the host need not look at every step.

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// A batch of n examples with K samples each, in nats.
struct BatchCosts {
  VectorView<const float> nll;  ///< [n·K·p], where a row's nll may come in p parts
  VectorView<const float> kl;   ///< [n], or empty: 0
  std::int64_t samples = 1;     ///< K
  /// [n] what is minimised, where that is not nll + β·kl; else empty.
  VectorView<const float> objective;
  const float* kl_cost =
      nullptr;  ///< what stands for β times the mean of kl in it, in device memory; or null
  VectorView<const float> penalty;  ///< [n] what is minimised besides; or empty
};

/// sums[0] += Σ nll / K, sums[1] += Σ kl and sums[2] += Σ penalty + Σ objective, where the latter may be Σ
/// nll / K + β Σ kl with β = state->kl_weight, or Σ nll / K + n kl_cost; in double, each in a fixed order.
/// Where the sum of them is NaN or infinite and *first_bad_step is 0, it becomes state->step. Where `state`
/// is null, the step and β are 1. `sums` [3] and `first_bad_step` are on the device. Throws ShapeError.
void record_loss(Context& context, double* sums, std::uint64_t* first_bad_step, const BatchCosts& costs,
                 const StepState* state);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/record_loss.cu
decltype(ops::record_loss) record_loss;
}  // namespace elbo::cuda
