#pragma once
// Takes the gradient back through the decoder's first layer and the sample in one pass. For one sample per
// example; ops/linear.h and ops/reparameterize.h have the two steps for any number.

#include "ops/reparameterize.h"

namespace elbo::ops {

/// dz = dy w, then dμ and dlog σ² as reparameterize_backward gives them for K = 1, without weights per
/// sample. "=".
/// dy [n, out], w [out, latent], contiguous; dμ, dlog σ², μ, log σ² [n, latent], strided or not. dz [n,
/// latent] is working memory; its values afterwards are undefined. Nothing may alias. Fixed order. Throws
/// ShapeError.
void linear_reparameterize_backward(Context& context, MatrixView<float> dmean,
                                    MatrixView<float> dlog_variance, MatrixView<float> dz,
                                    MatrixView<const float> dy, MatrixView<const float> w,
                                    MatrixView<const float> mean, MatrixView<const float> log_variance,
                                    const KlWeight& weight, float divisor, const NoiseSource& noise);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/linear_reparameterize.cu
decltype(ops::linear_reparameterize_backward) linear_reparameterize_backward;
}  // namespace elbo::cuda
