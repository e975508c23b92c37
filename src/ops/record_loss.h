#pragma once
// Sums of each batch's costs on the device, so that the host need not read every step's.

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// The costs of a batch of n examples with K samples each, in nats.
struct BatchCosts {
  VectorView<const float> nll;  ///< [n·K·p]: a row's nll may consist of p parts
  VectorView<const float> kl;   ///< [n], or empty: 0
  std::int64_t samples = 1;     ///< K
  /// [n] the minimised objective if it is not nll + β·kl; else empty.
  VectorView<const float> objective;
  const float* kl_cost = nullptr;   ///< replaces β · mean kl in it, in device memory; or null
  VectorView<const float> penalty;  ///< [n] an additional minimised term; or empty
};

/// sums[0] += Σ nll / K, sums[1] += Σ kl and sums[2] += Σ penalty + Σ objective, in double, each in a fixed
/// order. Without `objective`, Σ objective is Σ nll / K + β Σ kl with β = state->kl_weight, or Σ nll / K + n
/// kl_cost. If the total is NaN or infinite and *first_bad_step is 0, *first_bad_step becomes state->step. If
/// `state` is null, the step and β are 1. `sums` [3] and `first_bad_step` are on the device. Throws
/// ShapeError.
void record_loss(Context& context, double* sums, std::uint64_t* first_bad_step, const BatchCosts& costs,
                 const StepState* state);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/record_loss.cu
decltype(ops::record_loss) record_loss;
}  // namespace elbo::cuda
