#pragma once
// Clamps values to bounds; the gradient passes if a value is between them ("hardtanh").

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// y [m, n] = max(low, min(high, x)), "="; NaN stays NaN. Bounds may be infinite. y may be x. Rows may be
/// strided. Throws ShapeError.
void clamp(Context& context, MatrixView<float> y, MatrixView<const float> x, float low, float high);

/// dx [m, n] = dy where low < y < high, else 0, "=" or "+=", with the y that clamp() gave. dx may be dy.
/// Throws ShapeError.
void clamp_backward(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                    MatrixView<const float> y, float low, float high, bool accumulate);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/clamp.cu
decltype(ops::clamp) clamp;
decltype(ops::clamp_backward) clamp_backward;
}  // namespace elbo::cuda
