#pragma once
// Batch normalisation (Ioffe & Szegedy 2015). Shapes, aliasing and determinism are as in ops/norm.h, except
// that mean and rstd [C] are a channel's statistics over all positions of all rows. norm_backward_params()
// computes the gradients of γ and β, with mean and rstd as matrices [1, C].

#include "ops/norm.h"

namespace elbo::ops {

/// The statistics for evaluation, [C] each. Training moves them towards each batch's statistics.
struct RunningStatistics {
  VectorView<float> mean, variance;
};

/// Computes mean and rstd of x [n, p·C] and updates the running statistics: running ← (1 − momentum) ·
/// running + momentum · the batch's, with the variance's divisor n·p − 1, as in PyTorch. If the batch's
/// statistics are not finite, the running ones stay. `scratch` has memory for norm_scratch_size(C) floats or
/// more. Throws ShapeError, also if a channel has a single value.
void batch_norm_statistics(Context& context, VectorView<float> mean, VectorView<float> rstd,
                           const RunningStatistics& running, VectorView<float> scratch,
                           MatrixView<const float> x, float epsilon, float momentum);

/// Computes mean and rstd from the running statistics, "=". Throws ShapeError.
void batch_norm_running(Context& context, VectorView<float> mean, VectorView<float> rstd,
                        VectorView<const float> running_mean, VectorView<const float> running_variance,
                        float epsilon);

/// y = act(γ_c (x − mean_c) · rstd_c + β_c). "=". `saved` as for norm_forward. Throws ShapeError.
void batch_norm_forward(Context& context, MatrixView<float> y, MatrixView<float> saved,
                        MatrixView<const float> x, VectorView<const float> mean, VectorView<const float> rstd,
                        VectorView<const float> gamma, VectorView<const float> beta, Activation activation);

/// dx = ∂(Σ dy (γ_c x̂ + β_c))/∂x ⊙ act′(saved). "=" unless `accumulate`, then "+=".
/// dgamma and dbeta [C] are this batch's, from norm_backward_params(); both are empty if mean and rstd do not
/// depend on x. `activation` and `saved` as for norm_backward_input. Throws ShapeError.
void batch_norm_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                               MatrixView<const float> x, VectorView<const float> mean,
                               VectorView<const float> rstd, VectorView<const float> gamma,
                               VectorView<const float> dgamma, VectorView<const float> dbeta,
                               MatrixView<const float> saved, Activation activation, bool accumulate);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/batch_norm.cu
decltype(ops::batch_norm_statistics) batch_norm_statistics;
decltype(ops::batch_norm_running) batch_norm_running;
decltype(ops::batch_norm_forward) batch_norm_forward;
decltype(ops::batch_norm_backward_input) batch_norm_backward_input;
}  // namespace elbo::cuda
