#pragma once
// Convolutions of pictures and their transposes, each with both gradients. A convolution is a product with
// the matrix of patches. It runs on the tiles of products, and that matrix is never in memory.
//
// Pictures have channels last, one picture per row: x [n, height · width · channels]. Rows of pictures may be
// strided. Weights are contiguous: w [filters, patch()], each row in the order (ky, kx, channel). This is
// PyTorch's Conv2d.weight [filters, channels, ky, kx], or ConvTranspose2d.weight [in = filters, out =
// channels, ky, kx], with the channels moved to the end. No view may alias another. Sums run in a fixed
// order: the same device and build give the same bits, on any number of threads.
//
// The operands of each product (pictures, w, gradients) are rounded to context.precision() first, and its
// sums are fp32. db and everything else are fp32 throughout. In other precisions than fp32 the CPU computes
// as tensor cores do.

#include "math/activation_kind.h"
#include "math/conv2d_geometry.h"
#include "ops/gemm_plan.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

using math::Conv2dShape;

/// y = act(x ∗ w + b), PyTorch's Conv2d (a cross-correlation):
///   (x ∗ w)[oy, ox, f] = Σ_{ky, kx, c} x[oy·stride + ky − padding, ox·stride + kx − padding, c] w[f, ky, kx,
///   c],
/// where x is 0 outside the picture. "=".
/// x [n, shape.in()], y [n, shape.out()], b [filters] or empty (no bias). `saved` [n, shape.out()] receives x
/// ∗ w + b if act′ is computed from it (derivative_needs_input(activation)); it may be empty otherwise, or if
/// no backward pass follows. Throws ShapeError.
void conv2d_forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<const float> x,
                    MatrixView<const float> w, VectorView<const float> b, const Conv2dShape& shape,
                    Activation activation);

/// dx = (dy ∗ᵀ w) ⊙ act′(saved). "=".
/// dy [n, shape.out()], dx [n, shape.in()]; `activation` produced the convolution's input x. Its derivative
/// is computed from `saved` [n, shape.in()]: x itself, or its pre-activation if
/// derivative_needs_input(activation). `saved` may be empty for the identity. Throws ShapeError.
void conv2d_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                           MatrixView<const float> w, MatrixView<const float> saved, const Conv2dShape& shape,
                           Activation activation);

/// dw[f, ky, kx, c] = Σ_{n, oy, ox} dy[n, oy, ox, f] x[n, oy·stride + ky − padding, …, c] and
/// db[f] = Σ_{n, oy, ox} dy[n, oy, ox, f]. "=" unless `accumulate`, then "+=".
/// dw [filters, patch()], db [filters] or empty (no bias), dy [n, shape.out()], x [n, shape.in()]. Throws
/// ShapeError.
void conv2d_backward_params(Context& context, MatrixView<float> dw, VectorView<float> db,
                            MatrixView<const float> dy, MatrixView<const float> x, const Conv2dShape& shape,
                            bool accumulate);

/// y = act(x ∗ᵀ w + b), PyTorch's ConvTranspose2d, from pictures of shape.out() values to pictures of
/// shape.in() values. `shape` describes the convolution that is transposed, so its filters are the channels
/// of x.
/// (x ∗ᵀ w)[iy, ix, c] = Σ x[oy, ox, f] w[f, ky, kx, c] over oy·stride + ky − padding = iy, and the same for
/// ix. PyTorch's output_padding is height − ((out_height() − 1)·stride − 2·padding + kernel). "=".
/// x [n, shape.out()], y and `saved` (see conv2d_forward) [n, shape.in()], b [channels] or empty. Throws
/// ShapeError.
void conv2d_transpose_forward(Context& context, MatrixView<float> y, MatrixView<float> saved,
                              MatrixView<const float> x, MatrixView<const float> w, VectorView<const float> b,
                              const Conv2dShape& shape, Activation activation);

/// dx = (dy ∗ w) ⊙ act′(saved). "=".
/// dy [n, shape.in()], dx [n, shape.out()]; `activation` produced the transpose's input; for `saved` [n,
/// shape.out()] see conv2d_backward_input. Throws ShapeError.
void conv2d_transpose_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                                     MatrixView<const float> w, MatrixView<const float> saved,
                                     const Conv2dShape& shape, Activation activation);

/// dw[f, ky, kx, c] = Σ_{n, oy, ox} x[n, oy, ox, f] dy[n, oy·stride + ky − padding, …, c] and
/// db[c] = Σ_{n, iy, ix} dy[n, iy, ix, c]. "=" unless `accumulate`, then "+=".
/// dw [filters, patch()], db [channels] or empty, dy [n, shape.in()], x [n, shape.out()]. Throws ShapeError.
void conv2d_transpose_backward_params(Context& context, MatrixView<float> dw, VectorView<float> db,
                                      MatrixView<const float> dy, MatrixView<const float> x,
                                      const Conv2dShape& shape, bool accumulate);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/conv2d*.cu
decltype(ops::conv2d_forward) conv2d_forward;
decltype(ops::conv2d_backward_input) conv2d_backward_input;
decltype(ops::conv2d_backward_params) conv2d_backward_params;
decltype(ops::conv2d_transpose_forward) conv2d_transpose_forward;
decltype(ops::conv2d_transpose_backward_input) conv2d_transpose_backward_input;
decltype(ops::conv2d_transpose_backward_params) conv2d_transpose_backward_params;

/// These run the given plan, in its precision, instead of a chosen one: for timing and testing plans. A
/// transpose runs each of its phases by it.
void conv2d_forward(Context& context, const ops::GemmPlan& plan, MatrixView<float> y, MatrixView<float> saved,
                    MatrixView<const float> x, MatrixView<const float> w, VectorView<const float> b,
                    const ops::Conv2dShape& shape, Activation activation);
void conv2d_backward_input(Context& context, const ops::GemmPlan& plan, MatrixView<float> dx,
                           MatrixView<const float> dy, MatrixView<const float> w,
                           MatrixView<const float> saved, const ops::Conv2dShape& shape,
                           Activation activation);
void conv2d_backward_params(Context& context, const ops::GemmPlan& plan, MatrixView<float> dw,
                            VectorView<float> db, MatrixView<const float> dy, MatrixView<const float> x,
                            const ops::Conv2dShape& shape, bool accumulate);
void conv2d_transpose_forward(Context& context, const ops::GemmPlan& plan, MatrixView<float> y,
                              MatrixView<float> saved, MatrixView<const float> x, MatrixView<const float> w,
                              VectorView<const float> b, const ops::Conv2dShape& shape,
                              Activation activation);
void conv2d_transpose_backward_input(Context& context, const ops::GemmPlan& plan, MatrixView<float> dx,
                                     MatrixView<const float> dy, MatrixView<const float> w,
                                     MatrixView<const float> saved, const ops::Conv2dShape& shape,
                                     Activation activation);
void conv2d_transpose_backward_params(Context& context, const ops::GemmPlan& plan, MatrixView<float> dw,
                                      VectorView<float> db, MatrixView<const float> dy,
                                      MatrixView<const float> x, const ops::Conv2dShape& shape,
                                      bool accumulate);
}  // namespace elbo::cuda
