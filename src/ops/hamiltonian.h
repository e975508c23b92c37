#pragma once
// Hamiltonian Monte Carlo (Neal 2011, "MCMC using Hamiltonian dynamics") in the latent space: a leapfrog
// step, the energy, and the choice between a chain's old point and its proposal.
//
// A chain's target is p(z) p(x|z)^t with p(z) = N(0, I) and a temperature t in [0, 1]; its mass is I. Shapes:
// n·K chains of `latent` dimensions, chain i·K + k the k-th of example i. Rows may be strided. Fixed order:
// the same seed gives the same bits.

#include "math/step_state.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// velocity −= kick (z + t gradient), then z += drift velocity, in place; gradient [n·K, latent] is the
/// gradient of −log p(x|z) in z. Leapfrog steps of size ε use (kick, drift) = (½ε, ε) first, (ε, ε) between
/// and (½ε, 0) last, with a new gradient after each drift. Throws ShapeError.
void leapfrog(Context& context, MatrixView<float> z, MatrixView<float> velocity,
              MatrixView<const float> gradient, float temperature, float kick, float drift);

/// energy [n·K] = ½ |velocity|² + ½ |z|² + t nll, in nats up to a constant, "=". Throws ShapeError.
void hamiltonian(Context& context, VectorView<float> energy, MatrixView<const float> z,
                 MatrixView<const float> velocity, VectorView<const float> nll, float temperature);

/// The state of chains: z, and −log p(x|z) with its gradient in z.
template <class T>
struct ChainState {
  MatrixView<T> z;
  MatrixView<T> gradient;
  VectorView<T> nll;  ///< [n·K]
};

/// Each chain accepts its proposal with probability a = min(1, exp(before − after)) of the energies
/// (Metropolis et al. 1953), decided by the uniform number at (noise, example, first_sample + k);
/// `probability` [n·K] = a, "=". A proposal whose energy is NaN is rejected. Throws ShapeError.
void metropolis(Context& context, const ChainState<float>& state, const ChainState<const float>& proposal,
                VectorView<float> probability, VectorView<const float> before, VectorView<const float> after,
                std::int64_t chains, const NoiseSource& noise);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contracts, in kernels/hamiltonian.cu
decltype(ops::leapfrog) leapfrog;
decltype(ops::hamiltonian) hamiltonian;
decltype(ops::metropolis) metropolis;
}  // namespace elbo::cuda
