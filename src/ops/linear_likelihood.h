#pragma once
// Computes the network's last layer and the likelihood of its output in one pass, without storing the
// likelihood's parameters. For likelihoods with one parameter per value that read nothing from the model.
//
// Shapes: h [n·K, in]; w [d, in], contiguous; b [d]; x, mask [n, d]; row i·K + k is sample k of example i.
// Nats.
// Fixed order: the same device and build give the same bits.

#include <type_traits>

#include "ops/likelihood.h"

namespace elbo::ops {

/// Whether linear_likelihood takes this likelihood. A likelihood with settled() needs a value that is not
/// known before the product, and the categorical has one parameter per class.
template <class Likelihood>
inline constexpr bool kLinearLikelihoodTakes =
    Likelihood::kParameters == 1 && !std::is_same_v<Likelihood, math::Categorical> &&
    Likelihood::kSupport != Support::counts && !requires(const Likelihood& likelihood) {
  likelihood.settled();
};
/// The same by name.
bool linear_likelihood_takes(LikelihoodKind kind);
/// The number of partial sums of a row's nll of d values on this device.
std::int64_t nll_parts(const Device& device, std::int64_t d);

/// With parameters = h wᵀ + b [n·K, d]: nll [n·K, nll_parts(d)], whose rows each sum to Σ_j −log p(x_j |
/// parameters_j), "="; gradient [n·K, d] = weight · ∂nll/∂parameters, "=". b may be empty (no bias), and so
/// may mask, whose zeros leave values out of both. nll is contiguous. Throws ShapeError, also for a
/// likelihood with several parameters.
void linear_likelihood(Context& context, LikelihoodKind kind, const LikelihoodConstants& constants,
                       MatrixView<float> nll, MatrixView<float> gradient, MatrixView<const float> h,
                       MatrixView<const float> w, VectorView<const float> b, MatrixView<const float> x,
                       MatrixView<const float> mask, const RowWeight& weight);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/linear_likelihood.cu
decltype(ops::linear_likelihood) linear_likelihood;
}  // namespace elbo::cuda
