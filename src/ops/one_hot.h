#pragma once
// Encodes classes for an encoder.

#include <cstdint>

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// one_hot [n, C·d], C = `classes`, "=": column c·d + j is 1 if value j of x [n, d] is c, else 0. A value
/// that is not a class has zeros for every c, and so has a value with a 0 in mask [n, d], which may be empty.
/// Rows may be strided; nothing may alias `one_hot`. Throws ShapeError.
void one_hot(Context& context, MatrixView<float> one_hot, MatrixView<const float> x,
             MatrixView<const float> mask, std::int32_t classes);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/one_hot.cu
decltype(ops::one_hot) one_hot;
}  // namespace elbo::cuda
