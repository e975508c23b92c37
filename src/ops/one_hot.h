#pragma once
// Classes as an encoder reads them.

#include <cstdint>

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// one_hot [n, C·d], C = `classes`, "=": column c·d + j is 1 where value j of x [n, d] is c, else 0; 0 for
/// every c where it is none of the classes. mask [n, d], where 0 leaves a value without a class; may be
/// empty. Rows may be strided; nothing may alias `one_hot`. Throws ShapeError.
void one_hot(Context& context, MatrixView<float> one_hot, MatrixView<const float> x,
             MatrixView<const float> mask, std::int32_t classes);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/one_hot.cu
decltype(ops::one_hot) one_hot;
}  // namespace elbo::cuda
