#pragma once
// Sums in a fixed order, whatever the device's parallelism.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// *sum = Σ values, in double; "+=" when `accumulate`. Partial sums are over fixed spans, added in order.
/// Throws ShapeError.
void reduce_sum(Context& context, double* sum, VectorView<const float> values, bool accumulate);

/// What one partial sum covers, on every device.
inline constexpr std::int64_t kReduceSpan = 4096;

/// Scratch that clip_global_norm needs for `size` gradients, in doubles.
std::int64_t clip_scratch_size(std::int64_t size);

/// norm = ‖gradient‖₂ is written to *norm (device; may be null); then gradient *= min(1, max_norm / norm), as
/// PyTorch's clip_grad_norm_ (with its 1e-6 added to the norm). A norm that is not finite leaves the gradient
/// as it is. `scratch` [clip_scratch_size(gradient.size)] on the device. Throws ShapeError.
void clip_global_norm(Context& context, VectorView<float> gradient, float max_norm,
                      VectorView<double> scratch, float* norm);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/reduce.cu
decltype(ops::reduce_sum) reduce_sum;
decltype(ops::clip_global_norm) clip_global_norm;
}  // namespace elbo::cuda
