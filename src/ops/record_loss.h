#pragma once
// What training keeps of each batch's costs on the device, so that the host need not look at every step.

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// sums[0] += Σ nll and sums[1] += Σ kl, in double, each in a fixed order. kl [n] or empty; nll [n·p], where
/// a row's nll may come in p parts. Where the sum of either batch is NaN or infinite and *first_bad_step is
/// 0, it becomes state->step (1 where `state` is null). `sums` [2] and `first_bad_step` are on the device.
/// Throws ShapeError.
void record_loss(Context& context, double* sums, std::uint64_t* first_bad_step, VectorView<const float> nll,
                 VectorView<const float> kl, const StepState* state);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/record_loss.cu
decltype(ops::record_loss) record_loss;
}  // namespace elbo::cuda
