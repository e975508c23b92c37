#pragma once
// A prior that is a Gaussian of its own for each example, p(z|y) = N(μ, diag τ²), and the code u = (z − μ)/τ
// relative to it, whose prior is N(0, I).
//
// A KL and a ratio of densities are the same in z and in u, so that ops/reparameterize.h computes them, their
// weights and their gradients from the posterior of u.
//
// Shapes: moments [n, latent], codes [n·K, latent], where row i·K + k is sample k of example i. Rows may be
// strided. Fixed order: the same device and build give the same bits.

#include "ops/reparameterize.h"

namespace elbo::ops {

/// A diagonal Gaussian for each example.
template <class T>
struct Moments {
  MatrixView<T> mean, log_variance;  ///< [n, latent]
};

/// q(u|x, y) of q(z|x, y) = N(m, diag s²): mean = (m − μ)/τ and log-variance = log s² − log τ², "=". Throws
/// ShapeError.
void relative_moments(Context& context, const Moments<float>& relative, const Moments<const float>& posterior,
                      const Moments<const float>& prior);

/// Takes the gradient in q(u|x, y) back to q(z|x, y) and the prior. In place: dmean /= τ; the gradient in the
/// log-variance stays as it is. dprior, "=", is that of the KL's terms alone, as z does not depend on the
/// prior: with the weights c of reparameterize_backward and the relative mean m′ and variance s′², dμ =
/// −c m′/τ and dlog τ² = ½ c (1 − m′² − s′²); with weights per sample dμ = −Σ_k c_k u_k/τ and dlog τ² = ½ Σ_k
/// c_k (1 − u_k²). u [n·K, latent]. Throws ShapeError.
void relative_moments_backward(Context& context, MatrixView<float> dmean, const Moments<float>& dprior,
                               const Moments<const float>& relative, MatrixView<const float> u,
                               MatrixView<const float> prior_log_variance, const KlWeight& weight,
                               float divisor);

/// z = μ + τ u, "=". Throws ShapeError.
void place_codes(Context& context, MatrixView<float> z, MatrixView<const float> u,
                 const Moments<const float>& prior);

/// dz *= τ, in place: the gradient in z becomes that in u. Throws ShapeError.
void place_codes_backward(Context& context, MatrixView<float> dz, MatrixView<const float> prior_log_variance);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/conditional_prior.cu
decltype(ops::relative_moments) relative_moments;
decltype(ops::relative_moments_backward) relative_moments_backward;
decltype(ops::place_codes) place_codes;
decltype(ops::place_codes_backward) place_codes_backward;
}  // namespace elbo::cuda
