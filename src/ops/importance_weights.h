#pragma once
// The importance-weighted bound (IWAE, Burda et al. 2016, eq. 8) of each example, the self-normalised weights
// of its samples (eq. 14), and gradients weighted by them.
//
// Shapes: row i·K + k is sample k of example i. Nats. Fixed order: the same device and build give the same
// bits.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// With log w_ik = −(Σ_p nll_ik,p + β · log_ratio_ik), "=":
/// weights [n·K] = w_ik / Σ_k w_ik, with weights below 1e-18 set to 0;
/// cost [n] = −log(1/K Σ_k w_ik), the negative bound. Neither overflows, however large the log-weights are.
/// nll [n·K, p] contiguous, whose rows each sum to −log p(x|z); log_ratio [n·K] = log q(z|x) − log p(z);
/// `kl_weight` is β in device memory, null for 1. An example with a NaN, or whose weights are all 0, gets
/// NaN. Throws ShapeError.
void importance_weights(Context& context, VectorView<float> weights, VectorView<float> cost,
                        MatrixView<const float> nll, VectorView<const float> log_ratio,
                        const float* kl_weight);

/// values [m, d] *= weights [m], row by row, in place. Rows may be strided. Throws ShapeError.
void weight_rows(Context& context, MatrixView<float> values, VectorView<const float> weights);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/importance_weights.cu
decltype(ops::importance_weights) importance_weights;
decltype(ops::weight_rows) weight_rows;
}  // namespace elbo::cuda
