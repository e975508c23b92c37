#pragma once
// Corrupts a batch for a denoising model's encoder (Vincent et al. 2008, 2010).

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

enum class Corruption {
  none,
  gaussian,  ///< adds normal noise of a standard deviation
  masking,   ///< replaces a fraction of the values by 0
};

/// corrupted [n, d] = x [n, d] with noise of `amount`: a standard deviation ≥ 0, or a fraction in [0, 1].
/// "=". A value's noise is the number at (noise, example, column), see math/philox.h. A 0 in mask [n, d]
/// keeps the value as it is; mask may be empty. Rows may be strided; x and `corrupted` must not alias. Not
/// for Corruption::none. Throws ShapeError.
void corrupt(Context& context, MatrixView<float> corrupted, MatrixView<const float> x,
             MatrixView<const float> mask, Corruption kind, float amount, const NoiseSource& noise);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/corrupt.cu
decltype(ops::corrupt) corrupt;
}  // namespace elbo::cuda
