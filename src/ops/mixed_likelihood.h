#pragma once
// −log p(x | parameters) per row and its gradient for a table whose columns have likelihoods of their own.
//
// Shapes: x [n, d]; parameters [n·K, w], in which a column's parameters follow one another, one after each
// column; row i·K + k is sample k of example i. `columns` [3·d] is on the device: of each column its
// LikelihoodKind, the index of its first parameter, and its classes (math/column_likelihood.h). Every kind
// but gaussian-shared is allowed. Costs are in nats, summed over columns in a fixed order.

#include <cstdint>

#include "ops/likelihood.h"

namespace elbo::ops {

/// The likelihoods of a table's columns.
struct ColumnLikelihoods {
  VectorView<const std::int32_t> columns;  ///< [3·d]
  LikelihoodConstants constants;           ///< of all columns; `classes` is each column's own
};

/// nll [n·K] = Σ_j −log p(x_j | parameters_j), "="; may be empty.
/// gradient [n·K, w] = weight · ∂nll/∂parameters, "="; may be empty, and may alias `parameters`.
/// A 0 in mask [n, d] leaves a value out of both; mask may be empty. Throws ShapeError.
void mixed_likelihood(Context& context, const ColumnLikelihoods& likelihoods, VectorView<float> nll,
                      MatrixView<float> gradient, MatrixView<const float> parameters,
                      MatrixView<const float> x, MatrixView<const float> mask, const RowWeight& weight);

/// mean [m, d] = E[x | parameters] with parameters [m, w], "="; for a categorical column, the most probable
/// class, the lowest one on a tie. Throws ShapeError.
void mixed_likelihood_mean(Context& context, const ColumnLikelihoods& likelihoods, MatrixView<float> mean,
                           MatrixView<const float> parameters);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/mixed_likelihood.cu
decltype(ops::mixed_likelihood) mixed_likelihood;
decltype(ops::mixed_likelihood_mean) mixed_likelihood_mean;
}  // namespace elbo::cuda
