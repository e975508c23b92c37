#pragma once
// Hamiltonian Monte Carlo (Neal 2011, "MCMC using Hamiltonian dynamics") in the latent space: a step of the
// leapfrog, the energy, and the choice between where a chain was and where it got.
//
// A chain's target is p(z) p(x|z)^t with p(z) = N(0, I) and a temperature t in [0, 1]; its mass is I. Shapes:
// n·K chains of `latent` dimensions, chain i·K + k the k-th of example i. Rows may be strided. Fixed order:
// the same seed gives the same bits.

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// velocity −= kick (z + t gradient), then z += drift velocity, in place; gradient [n·K, latent] is that of
/// −log p(x|z) in z. With (kick, drift) = (½ε, ε) first, (ε, ε) between and (½ε, 0) at last, the gradient
/// taken anew after each drift, these are leapfrog steps of size ε. Throws ShapeError.
void leapfrog(Context& context, MatrixView<float> z, MatrixView<float> velocity,
              MatrixView<const float> gradient, float temperature, float kick, float drift);

/// energy [n·K] = ½ |velocity|² + ½ |z|² + t nll, in nats up to a constant, "=". Throws ShapeError.
void hamiltonian(Context& context, VectorView<float> energy, MatrixView<const float> z,
                 MatrixView<const float> velocity, VectorView<const float> nll, float temperature);

/// Where chains stand: z and −log p(x|z) with its gradient in z.
template <class T>
struct ChainState {
  MatrixView<T> z;
  MatrixView<T> gradient;
  VectorView<T> nll;  ///< [n·K]
};

/// Each chain's state becomes its proposal with probability a = min(1, exp(before − after)) of the energies
/// (Metropolis et al. 1953), by the uniform number at (noise, example, first_sample + k); `probability` [n·K]
/// = a, "=". An energy that is not a number is refused. Throws ShapeError.
void metropolis(Context& context, const ChainState<float>& state, const ChainState<const float>& proposal,
                VectorView<float> probability, VectorView<const float> before, VectorView<const float> after,
                std::int64_t chains, const NoiseSource& noise);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/hamiltonian.cu
decltype(ops::leapfrog) leapfrog;
decltype(ops::hamiltonian) hamiltonian;
decltype(ops::metropolis) metropolis;
}  // namespace elbo::cuda
