#pragma once
// Penalties on an autoencoder's code: L1, which makes it sparse, and L2, which keeps it small.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

struct CodePenalty {
  float l1 = 0.0f;
  float l2 = 0.0f;
};

/// For codes z [n, latent]: cost [n] = Σ_d l1 |z| + l2 z², "="; may be empty. dz [n, latent] += (l1 sign(z) +
/// 2 l2 z) / divisor, with sign(0) = 0; may be empty. `divisor` is the number of examples that the cost is
/// averaged over (the batch size). Rows may be strided. Fixed order. Throws ShapeError.
void code_penalty(Context& context, VectorView<float> cost, MatrixView<float> dz, MatrixView<const float> z,
                  const CodePenalty& penalty, float divisor);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/code_penalty.cu
decltype(ops::code_penalty) code_penalty;
}  // namespace elbo::cuda
