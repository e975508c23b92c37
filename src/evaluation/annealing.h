#pragma once
// Annealed importance sampling (Neal 2001) of a decoder's log p(x) (Wu et al. 2017).

#include "elbo/evaluation.h"
#include "evaluation/evaluation_data.h"

namespace elbo {

/// See Model::annealed_nll. Chains go from the prior p(z) through p(z) p(x|z)^t with t on a sigmoid path from
/// 0 to 1, each transition is a trajectory of Hamiltonian Monte Carlo. Runs over the first examples find the
/// step size at each t: it grows if more than 65 % of the proposals are accepted and shrinks if fewer are.
/// Then it is fixed, so that the expected weight of a chain is exactly p(x).
AnnealedEstimate annealed_nll(const Vae& vae, const EvaluationData& data, const AnnealingOptions& options);

}  // namespace elbo
