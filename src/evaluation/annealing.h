#pragma once
// Annealed importance sampling (Neal 2001), for what a decoder says of data (Wu et al. 2017).

#include "elbo/evaluation.h"
#include "evaluation/evaluation_data.h"

namespace elbo {

/// See Model::annealed_nll. Chains go from the prior p(z) through p(z) p(x|z)^t with t on a sigmoid path from
/// 0 to 1, each transition a trajectory of Hamiltonian Monte Carlo. The step size at each t is found
/// beforehand by runs over the first examples, in which it grows where more than 65 % of the proposals are
/// accepted and shrinks where fewer are; then it is fixed, so that the mean weight of a chain is p(x)
/// exactly.
AnnealedEstimate annealed_nll(const Vae& vae, const EvaluationData& data, const AnnealingOptions& options);

}  // namespace elbo
