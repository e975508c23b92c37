#pragma once
// A layer's parameter gradients and the optimizer's step with them, in one pass: for where nothing else needs
// the gradients.

#include "ops/adam.h"
#include "ops/product_plan.h"

namespace elbo::ops {

/// A layer's weight [out, in] and bias [out] with Adam's moments. All contiguous. `b` may be empty, with its
/// moments (no bias).
struct AdamLayer {
  MatrixView<float> w, w_m, w_v;
  VectorView<float> b, b_m, b_v;
};

/// With dw = dyᵀ x and db = Σ_rows dy, one step of ops::adam on `layer`, in place. dy [n, out], x [n, in];
/// rows may be strided. dw [out, in] and db [out] are memory to work in; what they hold afterwards is
/// undefined. What has still to read the layer's weights must come before. Fixed order. Throws ShapeError.
void linear_adam(Context& context, const AdamLayer& layer, MatrixView<float> dw, VectorView<float> db,
                 MatrixView<const float> dy, MatrixView<const float> x, const AdamSettings& settings,
                 const StepState* state);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/linear_adam.cu
decltype(ops::linear_adam) linear_adam;

/// With a plan that is given, not chosen, whose precision counts: for timing plans.
void linear_adam(Context& context, const ops::ProductPlan& plan, const ops::AdamLayer& layer,
                 MatrixView<float> dw, MatrixView<const float> dy, MatrixView<const float> x,
                 const ops::AdamSettings& settings, const StepState* state);
}  // namespace elbo::cuda
