#pragma once
// The aggregate posterior q(z) = 1/n Σ_i q(z|x_i) of some examples.

#include "elbo/evaluation.h"
#include "vae/prior/prior.h"

namespace elbo {

/// Computes AggregatePosterior for the posteriors of n examples. The samples of example i take their noise
/// from (seed, reparameterize, i); a KL without a formula is estimated from these samples too. O(n² · draws ·
/// latent) work on all cores; the result does not depend on their number. Throws DataError if n is 0.
AggregatePosterior divide_kl(const Posterior& posterior, const Prior& prior, const HostPrior& on_host,
                             std::uint64_t seed);

}  // namespace elbo
