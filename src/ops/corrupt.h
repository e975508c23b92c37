#pragma once
// What a denoising model's encoder sees in a batch's place (Vincent et al. 2008, 2010).

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

enum class Corruption {
  none,
  gaussian,  ///< plus normal noise of a standard deviation
  masking,   ///< 0 in place of a fraction of the values
};

/// corrupted [n, d] = x [n, d] with noise of `amount`: a standard deviation ≥ 0, or a fraction in [0, 1].
/// "=". The noise of a value is that at (noise, example, column), of math/philox.h. mask [n, d], where 0
/// leaves a value as it is; may be empty. Rows may be strided; x and `corrupted` must not alias. Not for
/// Corruption::none. Throws ShapeError.
void corrupt(Context& context, MatrixView<float> corrupted, MatrixView<const float> x,
             MatrixView<const float> mask, Corruption kind, float amount, const NoiseSource& noise);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/corrupt.cu
decltype(ops::corrupt) corrupt;
}  // namespace elbo::cuda
