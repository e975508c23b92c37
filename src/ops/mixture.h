#pragma once
// A prior that is a mixture of C diagonal Gaussians, p(z) = Σ_c w_c N(z; μ_c, diag σ_c²), relative to N(0,
// I).
//
// The excess of a prior is e(z) = log N(z; 0, I) − log p(z), in nats: added to the log q(z|x) − log N(z; 0,
// I) of ops/reparameterize.h it gives log q(z|x) − log p(z). The two factors of 2π cancel; all other
// constants are included.
//
// Shapes: z [m, latent], components [C, latent]; rows of all matrices may be strided. Fixed order: the same
// device and build give the same bits, independently of the other rows.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// A mixture as the passes over codes read it: its means, and the results of mixture_prepare().
struct Mixture {
  MatrixView<const float> mean;        ///< [C, latent] μ
  MatrixView<const float> precision;   ///< [C, latent] 1/σ²
  VectorView<const float> log_weight;  ///< [C] log w
  VectorView<const float> log_scale;   ///< [C] log w_c − ½ Σ_d log σ²_cd
};

/// precision = exp(−log σ²), log_weight = log softmax(logits), and log_scale, as above, "=". Without logits
/// every component has weight 1/C. Throws ShapeError.
void mixture_prepare(Context& context, MatrixView<float> precision, VectorView<float> log_weight,
                     VectorView<float> log_scale, MatrixView<const float> log_variance,
                     VectorView<const float> logits);

/// excess [m] = −½ |z|² − log Σ_c exp(a_c) with a_c = log_scale_c − ½ Σ_d (z − μ_c)² / σ_c², "=", and
/// responsibilities [m, C] = exp(a_c) / Σ exp(a), "=", which may be empty. A row with NaN gives NaN. Throws
/// ShapeError.
void mixture_excess(Context& context, VectorView<float> excess, MatrixView<float> responsibilities,
                    MatrixView<const float> z, const Mixture& mixture);

/// dz += factor · weight_i ∂e/∂z, with ∂e/∂z = −z + Σ_c r_c (z − μ_c) / σ_c² and the responsibilities of
/// mixture_excess(). `weights` [m] may be empty: 1. Throws ShapeError.
void mixture_backward_codes(Context& context, MatrixView<float> dz, MatrixView<const float> z,
                            const Mixture& mixture, MatrixView<const float> responsibilities,
                            VectorView<const float> weights, float factor);

/// The gradient with respect to a mixture's parameters.
struct MixtureGradient {
  MatrixView<float> mean;          ///< [C, latent]
  MatrixView<float> log_variance;  ///< [C, latent]
  VectorView<float> logits;        ///< [C]; empty if the weights are not learned
};

/// Σ_i weight_i ∂e/∂(μ, log σ², logits), "=" or "+=": with s = weight_i r_ic,
/// dμ_c = −Σ s (z − μ_c) / σ_c², dlog σ_c² = −½ Σ s ((z − μ_c)² / σ_c² − 1), dlogits_c = −Σ weight_i (r_ic −
/// w_c). `weights` [m]. Throws ShapeError.
void mixture_backward_components(Context& context, const MixtureGradient& gradient, MatrixView<const float> z,
                                 const Mixture& mixture, MatrixView<const float> responsibilities,
                                 VectorView<const float> weights, bool accumulate);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/mixture.cu
decltype(ops::mixture_prepare) mixture_prepare;
decltype(ops::mixture_excess) mixture_excess;
decltype(ops::mixture_backward_codes) mixture_backward_codes;
decltype(ops::mixture_backward_components) mixture_backward_components;
}  // namespace elbo::cuda
