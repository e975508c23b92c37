#pragma once
// −log p(x | parameters) per row and its gradient, in one pass. The formulas are one header each in
// math/likelihoods/.
//
// Shapes: x [n, d]; parameters [n·K, P·d], where P is the likelihood's number of parameters per value, and
// parameter p of value j is in column p·d + j; row i·K + k is sample k of example i. Costs are in nats,
// summed over values in a fixed order. For the categorical, P is the number of classes and parameter c is the
// logit of class c; a value that is not a class gives NaN.

#include "math/likelihoods/list.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// Weight of a row's nll in the objective: scale · per_row.
struct RowWeight {
  float scale = 1.0f;               ///< 1/n for the mean over a batch
  VectorView<const float> per_row;  ///< [n·K]; empty means 1
};

/// nll [n·K] = Σ_j −log p(x_j | parameters_j), "="; may be empty.
/// gradient [n·K, P·d] = weight · ∂nll/∂parameters, "="; may be empty, and may alias `parameters`.
/// A 0 in mask [n, d] leaves a value out of both; mask may be empty. Throws ShapeError.
void likelihood(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                VectorView<float> nll, MatrixView<float> gradient, MatrixView<const float> parameters,
                MatrixView<const float> x, MatrixView<const float> mask, const RowWeight& weight);

/// mean [m, d] = E[x | parameters] with parameters [m, P·d], "="; for the categorical, the most probable
/// class, the lowest one on a tie; NaN if a logit is NaN. Throws ShapeError.
void likelihood_mean(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                     MatrixView<float> mean, MatrixView<const float> parameters);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/likelihood.cu
decltype(ops::likelihood) likelihood;
decltype(ops::likelihood_mean) likelihood_mean;
}  // namespace elbo::cuda
