#pragma once
// A table's values as an encoder reads them: numbers as they are, counts as log(1 + x), classes one-hot.

#include <cstdint>

#include "math/column_input.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// input [n, w], "=": column i holds, of column table[2i] of x [n, d], what table[2i + 1] says: a class, or a
/// form of math/column_input.h. `table` [2w] is on the device; its columns must be columns of x. A value with
/// a 0 in mask [n, d], which may be empty, gives 0. Rows may be strided; nothing may alias `input`. Throws
/// ShapeError.
void column_input(Context& context, MatrixView<float> input, MatrixView<const float> x,
                  MatrixView<const float> mask, VectorView<const std::int32_t> table);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/column_input.cu
decltype(ops::column_input) column_input;
}  // namespace elbo::cuda
