#pragma once
// What a model is worth on a whole split: its ELBO in its parts, squared error, active units.

#include <functional>
#include <span>

#include "elbo/model.h"
#include "vae/vae.h"

namespace elbo {

/// The examples to evaluate: `fill` writes rows [first, first + a.rows) of them into a.x (and what is present
/// of them into a.mask, where there is one), and their indices into a.examples, as ops on the model's
/// context.
struct EvaluationData {
  std::int64_t count = 0;
  /// Of standardised data: [count] Σ_j log σ_j over each example's present values, added to its −log p, so
  /// that it is a density of the data in its own scale; and σ [dims], in which squared errors are measured.
  /// Empty where data is taken as it is.
  std::span<const double> log_volumes;
  std::span<const float> deviation;
  std::function<void(const Activations& a, std::int64_t first)> fill;

  double log_volume(std::int64_t example) const {
    return log_volumes.empty() ? 0.0 : log_volumes[static_cast<std::size_t>(example)];
  }
};

/// Rows of a batch in evaluations: enough to keep the device busy, little enough to stay in its caches, and
/// fewer where a row's inputs or outputs are very many.
std::int64_t evaluation_rows(const Vae& vae);

/// The unweighted ELBO with one sample of z per example, keyed by `seed` and the example's index alone: the
/// batch size changes nothing. Throws DataError on zero examples.
ElboTerms evaluate_elbo(const Vae& vae, const EvaluationData& data, std::uint64_t seed,
                        const Workspace& workspace);

/// All of Evaluation but the NLL, for `data`.
Evaluation evaluate_all(const Vae& vae, const EvaluationData& data, std::uint64_t seed);

/// Throws ConfigError where the model is an autoencoder, which defines no density over data.
void require_density(const ModelConfig& config);

}  // namespace elbo
