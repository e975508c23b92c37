#pragma once
// Dropout (Srivastava et al. 2014), inverted: what is kept is scaled, so that the mean stays and evaluation
// needs nothing. What is dropped is drawn again where it is needed, and never stored.

#include "math/activation_kind.h"
#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// y = 0 where u < rate, else x / (1 − rate), times act′(saved). "=" unless `accumulate`, then "+=".
/// y, x [n·K, d]; row i·K + k is sample k of example i. Both passes are this op: forward with the identity;
/// backward x is the gradient in the output, `activation` the one that produced the layer's input, and
/// `saved` [n·K, d] what its derivative is computed from, as for linear_backward_input, empty for the
/// identity. u ∈ [0, 1) of column j is the number at (noise, example, dimension k·4⌈d/4⌉ + j) of
/// math/philox.h, the same bits on every device. `rate` is in [0, 1). Rows may be strided; no view may alias
/// another. Throws ShapeError.
void dropout(Context& context, MatrixView<float> y, MatrixView<const float> x, MatrixView<const float> saved,
             Activation activation, std::int64_t samples, float rate, const NoiseSource& noise,
             bool accumulate);

/// Where the numbers of sample k begin.
constexpr std::int64_t dropout_dimension(std::int64_t sample, std::int64_t cols) {
  return sample * ((cols + 3) / 4 * 4);
}

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/dropout.cu
decltype(ops::dropout) dropout;
}  // namespace elbo::cuda
