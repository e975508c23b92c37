#pragma once
// Inverted dropout (Srivastava et al. 2014): kept values are scaled, which preserves the mean, so that
// evaluation needs no change. The dropped values are not stored; the backward pass draws the same numbers
// again.

#include "math/activation_kind.h"
#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// y = 0 where u < rate, else x / (1 − rate), times act′(saved). "=" unless `accumulate`, then "+=".
/// y, x [n·K, d]; row i·K + k is sample k of example i. The op serves both passes. Forward, `activation` is
/// the identity. Backward, x is the gradient in the output, `activation` produced the layer's input, and its
/// derivative is computed from `saved` [n·K, d] as in linear_backward_input (empty for the identity). u ∈ [0,
/// 1) of column j is the number at (noise, example, dimension k·4⌈d/4⌉ + j) of math/philox.h, the same bits
/// on every device. `rate` is in [0, 1). Rows may be strided; no view may alias another. Throws ShapeError.
void dropout(Context& context, MatrixView<float> y, MatrixView<const float> x, MatrixView<const float> saved,
             Activation activation, std::int64_t samples, float rate, const NoiseSource& noise,
             bool accumulate);

/// The first dimension of sample k's numbers.
constexpr std::int64_t dropout_dimension(std::int64_t sample, std::int64_t cols) {
  return sample * ((cols + 3) / 4 * 4);
}

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/dropout.cu
decltype(ops::dropout) dropout;
}  // namespace elbo::cuda
