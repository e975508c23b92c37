#pragma once
// What an evaluation says of a model.

#include <cstdint>
#include <optional>
#include <vector>

#include "elbo/dataset.h"

namespace elbo {

/// The unweighted evidence lower bound on log p(x) and its two costs, in nats per example: summed over
/// dimensions, averaged over examples. elbo = −(reconstruction + kl). With data.standardize they are still of
/// the data in its own scale: the density of the standardised values, divided by Π_j σ_j.
struct ElboTerms {
  double elbo = 0.0;
  double reconstruction = 0.0;  ///< −E_q[log p(x|z)], one sample of z per example
  /// KL(q(z|x) ‖ p(z)); where the prior is a mixture, its estimate by that sample. 0 for an autoencoder.
  double kl = 0.0;
};

/// One dimension of the latent space over a whole split.
struct LatentUnit {
  /// Its part of KL(q(z|x) ‖ p(z)), nats per example; the parts sum to the KL. 0 where the prior is a
  /// mixture, whose KL has no such parts.
  double kl = 0.0;
  double mean_variance = 0.0;  ///< Var_x(E_q[z_d])

  /// Whether its mean varies with x at all: mean_variance > 0.01 (Burda et al. 2016, section 5.2).
  bool active() const noexcept { return mean_variance > 0.01; }
};

/// Result of an evaluation over a whole split.
struct Evaluation {
  std::int64_t examples = 0;
  ElboTerms terms;
  /// Σ_j (x_j − E[x_j|z])², averaged over examples; of the categorical, how many of an example's values the
  /// most probable class is wrong for.
  double squared_error = 0.0;
  /// [dims] each value's part of the reconstruction, nats per example; the parts sum to it. Nothing of a
  /// value where it is missing.
  std::vector<double> reconstruction_per_value;
  std::vector<LatentUnit> units;  ///< [latent]; an autoencoder's have no KL
  std::int64_t active_units = 0;  ///< those of the latent dimensions that are active
  /// −ELBO/(present values · log 2), where the likelihood is of grey levels, as is the custom; else nothing.
  std::optional<double> bits_per_dimension;
  std::optional<double> nll_bits_per_dimension;  ///< the same of the NLL, where that was asked for
  /// σ² of the gaussian-shared, of the data as the model sees it (standardised where data.standardize).
  std::optional<double> variance;
  std::int64_t nll_samples = 0;  ///< K of the importance-weighted estimate; 0 when not asked for
  double nll = 0.0;              ///< −log (1/K Σ_k p(x,z_k)/q(z_k|x)), averaged (Burda et al. 2016, eq. 8)
  double nll_standard_error = 0.0;  ///< of that average over examples
  /// (Σ_k w_k)² / Σ_k w_k² of an example's weights w_k = p(x,z_k)/q(z_k|x) (Kish 1965), averaged: between 1
  /// and K. Near 1, single samples make up the estimate, which is then too high a cost and its error too low.
  double nll_effective_samples = 0.0;
  std::vector<double> example_elbo;  ///< [n] that of each example, nats; empty for an autoencoder
  std::vector<double> example_nll;   ///< [n] likewise; empty where it was not asked for
};

/// How the KL divides: E_x[KL(q(z|x) ‖ p(z))] = I_q(x; z) + KL(q(z) ‖ p(z)) with the aggregate posterior
/// The posterior of each example: both [n, latent].
struct Posterior {
  Table mean;
  Table log_variance;  ///< empty for an autoencoder
};

/// q(z) = 1/n Σ_i q(z|x_i) (Hoffman & Johnson 2016). All in nats. q(z) is the exact mixture over the n
/// examples and the expectation over z takes one sample of each, so that the mutual information is at most
/// log n: where it comes near that, the true one is larger and the divergence smaller.
struct AggregatePosterior {
  std::int64_t examples = 0;        ///< n
  double kl = 0.0;                  ///< E_x[KL(q(z|x) ‖ p(z))] of these examples
  double mutual_information = 0.0;  ///< I_q(x; z), between x's index and z
  double divergence = 0.0;          ///< KL(q(z) ‖ p(z))
};

/// How unlikely each example is: higher is stranger in all three.
struct ExampleScores {
  std::vector<double> negative_elbo;  ///< −ELBO with the reconstruction averaged over K samples, nats
  std::vector<double> nll;            ///< importance-weighted, K samples, nats; empty where K = 0
  /// Σ_j (x_j − E[x_j|z])² with z the posterior mean, of the values as the model sees them: standardised
  /// where data.standardize; of the categorical, how many values the most probable class is wrong for.
  std::vector<double> squared_error;
};

/// How annealed importance sampling goes from the prior to the posterior.
struct AnnealingOptions {
  std::int64_t chains = 16;     ///< for each example
  std::int64_t steps = 500;     ///< distributions between the prior and the posterior, a transition at each
  std::int64_t leapfrogs = 10;  ///< in each transition by Hamiltonian Monte Carlo
  std::uint64_t seed = 0;
};

/// −log p(x) by annealed importance sampling, in nats.
struct AnnealedEstimate {
  std::int64_t examples = 0;
  double nll = 0.0;               ///< −log of the mean weight of an example's chains, averaged
  double standard_error = 0.0;    ///< of that average over examples
  double effective_chains = 0.0;  ///< (Σ w)² / Σ w² over an example's chains, averaged
  double acceptance = 0.0;        ///< share of the proposals that were accepted
};

}  // namespace elbo
