#pragma once
// Sums over the rows of a matrix on the CPU: the gradient of a bias.

#include "runtime/view.h"

namespace elbo::ops::cpu {

/// sums_j = Σ_i values_ij, or += if `accumulate`, in the calling thread. Rows are added in order.
void column_sums(VectorView<float> sums, MatrixView<const float> values, bool accumulate);

}  // namespace elbo::ops::cpu
