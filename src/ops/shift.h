#pragma once
// Adds an example's vector to each of its samples: how a condition enters a layer.

#include "math/activation_kind.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// y = act(y + shift), in place: row i·K + k of y [n·K, d] with row i of shift [n, d]. `saved` [n·K, d] gets
/// the sums before the activation; it may be empty. Rows may be strided; no view may alias another. Throws
/// ShapeError.
void shift_forward(Context& context, MatrixView<float> y, MatrixView<float> saved,
                   MatrixView<const float> shift, Activation activation);

/// dshift [n, d] = Σ_k dy[i·K + k], "=", added in the order of k. dy [n·K, d] is the gradient before the
/// activation. Rows may be strided; the views may not alias. Throws ShapeError.
void shift_backward(Context& context, MatrixView<float> dshift, MatrixView<const float> dy);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/shift.cu
decltype(ops::shift_forward) shift_forward;
decltype(ops::shift_backward) shift_backward;
}  // namespace elbo::cuda
