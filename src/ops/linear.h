#pragma once
// Fully connected layers.
//
// Shapes: x [n, in], w [out, in] (PyTorch's orientation), b [out], y [n, out]. Rows may be strided; w is
// contiguous. No view may alias another unless said so. Sums run in a fixed order: the same device and build
// give the same bits.
//
// The operands of each product (x, w, dy) are rounded to context.precision() first, and its sums are fp32. db
// and everything else are fp32 throughout. In other precisions than fp32 the CPU computes as tensor cores do.

#include "math/activation_kind.h"
#include "ops/gemm_plan.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// y = act(x wᵀ + b). "=".
/// `saved` [n, out] receives x wᵀ + b if act′ is computed from it (derivative_needs_input(activation)); it
/// may be empty otherwise, or if no backward pass follows. b may be empty (no bias). Throws ShapeError.
void linear_forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<const float> x,
                    MatrixView<const float> w, VectorView<const float> b, Activation activation);

/// dx = (dy w) ⊙ act′(saved). "=".
/// dy [n, out], dx [n, in]; `activation` produced this layer's input x. Its derivative is computed from
/// `saved` [n, in]: x itself, or its pre-activation if derivative_needs_input(activation). `saved` may be
/// empty for the identity. dx may alias `saved` if both have the same stride. Throws ShapeError.
void linear_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                           MatrixView<const float> w, MatrixView<const float> saved, Activation activation);

/// dw = dyᵀ x, db = Σ_rows dy. "=" unless `accumulate`, then "+=".
/// db may be empty (no bias). Throws ShapeError.
void linear_backward_params(Context& context, MatrixView<float> dw, VectorView<float> db,
                            MatrixView<const float> dy, MatrixView<const float> x, bool accumulate);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/linear*.cu
decltype(ops::linear_forward) linear_forward;
decltype(ops::linear_backward_input) linear_backward_input;
decltype(ops::linear_backward_params) linear_backward_params;

/// The limits of plans on the context's GPU.
ops::GemmLimits gemm_limits(Context& context);

/// These run the given plan, in its precision, instead of a chosen one: for timing and testing plans.
void linear_forward(Context& context, const ops::GemmPlan& plan, MatrixView<float> y, MatrixView<float> saved,
                    MatrixView<const float> x, MatrixView<const float> w, VectorView<const float> b,
                    Activation activation);
void linear_backward_input(Context& context, const ops::GemmPlan& plan, MatrixView<float> dx,
                           MatrixView<const float> dy, MatrixView<const float> w,
                           MatrixView<const float> saved, Activation activation);
void linear_backward_params(Context& context, const ops::GemmPlan& plan, MatrixView<float> dw,
                            VectorView<float> db, MatrixView<const float> dy, MatrixView<const float> x,
                            bool accumulate);
}  // namespace elbo::cuda
