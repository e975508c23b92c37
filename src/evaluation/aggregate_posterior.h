#pragma once
// The aggregate posterior q(z) = 1/n Σ_i q(z|x_i) of some examples.

#include "elbo/evaluation.h"
#include "vae/prior/prior.h"

namespace elbo {

/// See AggregatePosterior, for the posteriors of n examples; sample i takes its noise from (seed,
/// reparameterize, i). A KL without a formula is by those samples too. O(n² · latent) work on all cores, the
/// same on any number of them. Throws DataError on none.
AggregatePosterior divide_kl(const Posterior& posterior, const Prior& prior, const HostPrior& on_host,
                             std::uint64_t seed);

}  // namespace elbo
