#pragma once
// Sums over the rows of a matrix on the CPU: the gradient of a bias.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// sums_j = Σ_i values_ij, or += where `accumulate`. Rows are added in order, whatever the context's threads.
void column_sums(Context& context, VectorView<float> sums, MatrixView<const float> values, bool accumulate);

}  // namespace elbo::ops::cpu
