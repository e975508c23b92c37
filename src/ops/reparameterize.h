#pragma once
// Sampling from the diagonal Gaussian posterior q(z|x) = N(μ, diag σ²) and its divergence from the prior N(0,
// I). Kingma & Welling 2014, section 2.4 and appendix B.
//
// Shapes: μ, log σ² [n, latent] (rows may be strided, as both are halves of one product); z [n·K, latent],
// where row i·K + k is sample k of example i. ε comes from math/philox.h at (noise, example, (first_sample +
// k)·latent
// + dimension) and is never stored. Fixed order: the same seed gives the same bits.

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// z = μ + exp(½ log σ²) ε. "=". Also computes, each optional (may be empty): kl [n] = KL(q(z|x) ‖ p(z)) = ½
/// Σ_d (μ² + σ² − log σ² − 1), in nats;
/// log_ratio [n·K] = log q(z|x) − log p(z) = ½ Σ_d (z² − ε² − log σ²), in nats.
/// Throws ShapeError.
void reparameterize(Context& context, MatrixView<float> z, VectorView<float> kl, VectorView<float> log_ratio,
                    MatrixView<const float> mean, MatrixView<const float> log_variance,
                    const NoiseSource& noise);

/// The weights of the KL's terms in the objective. All are in device memory, so that a replayed step sees
/// changes.
struct KlWeight {
  const float* scale = nullptr;           ///< β; null means 1
  VectorView<const float> per_row;        ///< [n]; empty means 1
  VectorView<const float> per_dimension;  ///< [latent]; empty means 1 (free bits use 0 below their threshold)
  /// [n·K]; if given, each sample's log_ratio replaces the KL, with this weight, as in an importance-weighted
  /// bound. Excludes the other two.
  VectorView<const float> per_sample;
};

/// Given dz [n·K, latent], the gradient of the rest of the objective in z, regenerates ε and gives, "=":
/// dμ = Σ_k dz + c μ and dlog σ² = Σ_k ½ dz σ ε + ½ c (σ² − 1), with c = divisor⁻¹ · scale · per_row ·
/// per_dimension. With weights per sample instead, c_k = divisor⁻¹ · scale · per_sample and g_k = dz + c_k z:
/// dμ = Σ_k g_k and dlog σ² = ½ Σ_k (g_k σ ε − c_k), the total derivative of log_ratio, as z depends on μ and
/// σ. `divisor` is the number of examples that the KL is averaged over (the batch size). dμ and dlog σ² may
/// be strided and must not alias their inputs. Throws ShapeError.
void reparameterize_backward(Context& context, MatrixView<float> dmean, MatrixView<float> dlog_variance,
                             MatrixView<const float> dz, MatrixView<const float> mean,
                             MatrixView<const float> log_variance, const KlWeight& weight, float divisor,
                             const NoiseSource& noise);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/reparameterize.cu
decltype(ops::reparameterize) reparameterize;
decltype(ops::reparameterize_backward) reparameterize_backward;
}  // namespace elbo::cuda
