#pragma once
// Gated linear units (Dauphin et al. 2017, eq. 1; in VAEs Tomczak & Welling 2018): values times the sigmoid
// of gates; one product computes both.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// y = a ⊙ σ(b), "=", for x [m, 2·w], whose columns are a and then b, and y [m, w]. Rows may be strided;
/// y must not alias x. Throws ShapeError.
void gated_forward(Context& context, MatrixView<float> y, MatrixView<const float> x);

/// dx [m, 2·w] = [dy ⊙ σ(b), dy ⊙ a ⊙ σ(b) ⊙ (1 − σ(b))], "=", for dy [m, w] and the x of the forward pass.
/// No view may alias another. Throws ShapeError.
void gated_backward(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                    MatrixView<const float> x);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/gated.cu
decltype(ops::gated_forward) gated_forward;
decltype(ops::gated_backward) gated_backward;
}  // namespace elbo::cuda
