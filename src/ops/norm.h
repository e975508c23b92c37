#pragma once
// Layer and group normalisation (Ba, Kiros & Hinton 2016; Wu & He 2018), and the gradients of γ and β, which
// batch normalisation (ops/batch_norm.h) shares.
//
// Shapes: a row of x [n, p·C] is one example's p positions of C channels each, channels last; the row of a
// dense layer is one position. γ and β [C], so C is the size of γ. An example's channels form G groups of C/G
// neighbours; μ = mean and 1/√(σ² + ε) = rstd [n, G] are over all positions of a group, σ² with divisor
// p·C/G. One group is layer normalisation. Rows may be strided; no view may alias another unless said so.
//
// Everything is fp32. Sums consist of fixed parts in a fixed order: the same device and build give the same
// bits, on any number of threads.

#include "math/activation_kind.h"
#include "math/normalization.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// y = act(γ_c (x − mean) · rstd + β_c). "=".
/// Writes mean and rstd too. `saved` [n, p·C] receives the activation's input if
/// derivative_needs_input(activation); it may be empty otherwise, or if no backward pass follows. Throws
/// ShapeError.
void norm_forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<float> mean,
                  MatrixView<float> rstd, MatrixView<const float> x, VectorView<const float> gamma,
                  VectorView<const float> beta, float epsilon, Activation activation);

/// dx = ∂(Σ dy (γ_c x̂ + β_c))/∂x ⊙ act′(saved). "=" unless `accumulate`, then "+=".
/// dy [n, p·C]; `activation` produced x, and its derivative is computed from `saved`, as in
/// linear_backward_input. Throws ShapeError.
void norm_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                         MatrixView<const float> x, MatrixView<const float> mean,
                         MatrixView<const float> rstd, VectorView<const float> gamma,
                         MatrixView<const float> saved, Activation activation, bool accumulate);

/// dγ_c = Σ dy x̂ and dβ_c = Σ dy over all positions of the batch. "=" unless `accumulate`, then "+=".
/// mean and rstd are [n, G], for each example's groups, or [1, C], for the batch's channels. `scratch` has
/// memory for norm_scratch_size(C) floats or more. Throws ShapeError.
void norm_backward_params(Context& context, VectorView<float> dgamma, VectorView<float> dbeta,
                          VectorView<float> scratch, MatrixView<const float> dy, MatrixView<const float> x,
                          MatrixView<const float> mean, MatrixView<const float> rstd, bool accumulate);

constexpr std::int64_t norm_scratch_size(std::int64_t channels) {
  return 2 * math::kNormParts * channels;
}

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/norm.cu
decltype(ops::norm_forward) norm_forward;
decltype(ops::norm_backward_input) norm_backward_input;
decltype(ops::norm_backward_params) norm_backward_params;
}  // namespace elbo::cuda
