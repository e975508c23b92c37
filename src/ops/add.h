#pragma once
// Adds a matrix to another: the sum of a residual block, and its gradient.

#include "math/activation_kind.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// y = x ⊙ act′(saved). "=" unless `accumulate`, then "+=".
/// y, x [n, d]; act′ is computed from `saved` [n, d], as in linear_backward_input; it may be empty for the
/// identity, whose derivative is 1. Rows may be strided; no view may alias another. Throws ShapeError.
void add(Context& context, MatrixView<float> y, MatrixView<const float> x, MatrixView<const float> saved,
         Activation activation, bool accumulate);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/add.cu
decltype(ops::add) add;
}  // namespace elbo::cuda
