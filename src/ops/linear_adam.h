#pragma once
// Computes a layer's parameter gradients and takes the optimizer's step in one pass, when nothing else needs
// the gradients.

#include "ops/adam.h"
#include "ops/gemm_plan.h"

namespace elbo::ops {

/// A layer's weight [out, in] and bias [out] with Adam's moments. All contiguous. `b` may be empty, with its
/// moments (no bias).
struct AdamLayer {
  MatrixView<float> w, w_m, w_v;
  VectorView<float> b, b_m, b_v;
};

/// Takes one step of ops::adam on `layer`, in place, with dw = dyᵀ x and db = Σ_rows dy. dy [n, out], x [n,
/// in]; rows may be strided. dw [out, in] and db [out] are working memory; their values afterwards are
/// undefined. Work that still reads the layer's weights must come before. Fixed order. Throws ShapeError.
void linear_adam(Context& context, const AdamLayer& layer, MatrixView<float> dw, VectorView<float> db,
                 MatrixView<const float> dy, MatrixView<const float> x, const AdamSettings& settings,
                 const StepState* state);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/linear_adam.cu
decltype(ops::linear_adam) linear_adam;

/// This runs the given plan, in its precision, instead of a chosen one: for timing plans.
void linear_adam(Context& context, const ops::GemmPlan& plan, const ops::AdamLayer& layer,
                 MatrixView<float> dw, MatrixView<const float> dy, MatrixView<const float> x,
                 const ops::AdamSettings& settings, const StepState* state);
}  // namespace elbo::cuda
