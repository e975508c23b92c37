#pragma once
// Results of evaluating a model.

#include <cstdint>
#include <optional>
#include <vector>

#include "elbo/dataset.h"

namespace elbo {

/// The unweighted evidence lower bound on log p(x) and its two costs, in nats per example: summed over
/// dimensions, averaged over examples. elbo = −(reconstruction + kl). With data.standardize they still refer
/// to the data in its own scale: the density of the standardised values is divided by Π_j σ_j.
struct ElboTerms {
  double elbo = 0.0;
  double reconstruction = 0.0;  ///< −E_q[log p(x|z)], one sample of z per example
  /// KL(q(z|x) ‖ p(z)); for a mixture prior, estimated from the same sample. 0 for an autoencoder.
  double kl = 0.0;
};

/// One dimension of the latent space over a whole split; with a conditional prior that of (z − μ)/τ, as it
/// lies in its label's prior.
struct LatentUnit {
  /// Its part of KL(q(z|x) ‖ p(z)), nats per example; the parts sum to the KL. Nothing for an autoencoder,
  /// and for a mixture prior, whose KL does not divide by dimension.
  std::optional<double> kl;
  double mean_variance = 0.0;  ///< Var_x(E_q[z_d])

  /// Whether its posterior mean varies with x: mean_variance > 0.01 (Burda et al. 2016, section 5.2).
  bool active() const noexcept { return mean_variance > 0.01; }
};

/// −log p(x) by importance sampling with K samples z_k ~ q(z|x) of weight w_k = p(x, z_k)/q(z_k|x), in nats.
struct NllEstimate {
  std::int64_t samples = 0;     ///< K
  double mean = 0.0;            ///< −log (1/K Σ_k w_k) (Burda et al. 2016, eq. 8), averaged over examples
  double standard_error = 0.0;  ///< of that average over examples
  /// (Σ_k w_k)² / Σ_k w_k² of an example's weights (Kish 1965), averaged: between 1 and K. Near 1, a single
  /// sample dominates: the estimated cost is then too high and its standard error too low.
  double effective_samples = 0.0;
  std::vector<double> examples;  ///< [n] each example's estimate
};

/// Result of an evaluation over a whole split.
struct Evaluation {
  std::int64_t examples = 0;
  ElboTerms terms;
  /// Σ_j (x_j − E[x_j|z])², averaged over examples. For the categorical likelihood: the number of an
  /// example's values whose most probable class is wrong.
  double squared_error = 0.0;
  /// [dims] each dimension's part of the reconstruction cost, nats per example; the parts sum to it. A
  /// missing value adds nothing. A model that infers labels: the parts under each example's own or likeliest
  /// label, as for units and squared errors; they do not sum to terms.reconstruction.
  std::vector<double> reconstruction_per_value;
  std::vector<LatentUnit> units;  ///< [latent]
  std::int64_t active_units = 0;  ///< the number of active latent dimensions
  /// −ELBO/(present values · log 2) for likelihoods of grey levels, as is customary; else nothing.
  std::optional<double> bits_per_dimension;
  std::optional<double> nll_bits_per_dimension;  ///< the same for the NLL
  /// σ² of the gaussian-shared likelihood, in the model's scale (after data.standardize).
  std::optional<double> variance;
  std::optional<NllEstimate> nll;    ///< if asked for
  std::vector<double> example_elbo;  ///< [n] the ELBO of each example, nats; empty for an autoencoder
};

/// The posterior of each example: both [n, latent].
struct Posterior {
  Table mean;
  Table log_variance;  ///< empty for an autoencoder
};

/// How the KL divides: E_x[KL(q(z|x) ‖ p(z))] = I_q(x; z) + KL(q(z) ‖ p(z)) with the aggregate posterior
/// q(z) = 1/n Σ_i q(z|x_i) (Hoffman & Johnson 2016). With a conditional prior z stands for (z − μ)/τ,
/// relative to the prior of its label. All values are in nats. q(z) is the exact mixture over the n examples,
/// and the expectation over z takes `draws` samples of each. The estimate of the mutual information is
/// therefore at most log n; when it comes near log n, the true mutual information is larger and the
/// divergence smaller. Both are estimates, so that one of them may leave [0, kl] by some errors.
struct AggregatePosterior {
  std::int64_t examples = 0;        ///< n
  std::int64_t draws = 0;           ///< of each example: 10,000 / n, at least 1 and at most 200
  double kl = 0.0;                  ///< E_x[KL(q(z|x) ‖ p(z))] over these examples
  double mutual_information = 0.0;  ///< I_q(x; z), between x's index and z
  double divergence = 0.0;          ///< KL(q(z) ‖ p(z))
  double standard_error = 0.0;      ///< of the mutual information, over examples
};

/// How unlikely each example is: higher is stranger in all three.
struct ExampleScores {
  /// −ELBO with the reconstruction averaged over K samples, nats. A model that infers labels: the bound over
  /// all of them, with one sample each.
  std::vector<double> negative_elbo;
  std::vector<double> nll;  ///< NllEstimate::examples with K samples, nats; empty if K = 0
  /// Σ_j (x_j − E[x_j|z])² with z the posterior mean, in the model's scale (after data.standardize). For the
  /// categorical likelihood: the number of values whose most probable class is wrong.
  std::vector<double> squared_error;
};

/// How annealed importance sampling goes from the prior to the posterior.
struct AnnealingOptions {
  std::int64_t chains = 16;     ///< for each example
  std::int64_t steps = 500;     ///< distributions between the prior and the posterior, one transition each
  std::int64_t leapfrogs = 10;  ///< steps of each Hamiltonian Monte Carlo transition
  std::uint64_t seed = 0;
};

/// −log p(x) by annealed importance sampling, in nats.
struct AnnealedEstimate {
  std::int64_t examples = 0;
  double nll = 0.0;             ///< −log of the mean weight of an example's chains, averaged over examples
  double standard_error = 0.0;  ///< of that average over examples
  double effective_chains = 0.0;  ///< (Σ w)² / Σ w² over an example's chains, averaged
  double acceptance = 0.0;        ///< share of the proposals that were accepted
};

}  // namespace elbo
