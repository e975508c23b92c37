#pragma once
// What a training step minimises: objective.* of a recipe.

#include <memory>

#include "ops/likelihood.h"
#include "ops/record_loss.h"
#include "ops/reparameterize.h"
#include "nn/builder.h"
#include "vae/batch.h"
#include "vae/config.h"

namespace elbo {

/// What changes from step to step, in device memory; null: 1.
struct ObjectiveRates {
  const float* kl_weight = nullptr;  ///< β
  const float* capacity = nullptr;   ///< C, nats
};

/// The mean over a step's rows of nll + β·KL, averaged over K samples; other objectives override what
/// differs. A training step calls before_likelihood(), makes the likelihood's gradient with
/// likelihood_weight(), calls after_likelihood(), and goes back with kl_weight().
class Objective {
 public:
  explicit Objective(const ObjectiveSettings& settings) : settings_(settings) {}
  virtual ~Objective() = default;

  /// Declares what it needs on training tapes.
  virtual void declare(nn::Builder&, std::int64_t latent) { (void)latent; }

  /// Once z and its cost stand in the batch.
  virtual void before_likelihood(Context&, const Batch&, const ObjectiveRates&) const {}
  /// How the rows of the likelihood's gradient are weighted while it is made.
  virtual ops::RowWeight likelihood_weight(const Batch& batch) const;
  /// Once −log p(x|z) and its gradient do.
  virtual void after_likelihood(Context&, const Batch&, const ObjectiveRates&) const {}
  /// How the KL's terms are weighted on the way back.
  virtual ops::KlWeight kl_weight(const Batch&, const ObjectiveRates& rates) const {
    return {.scale = rates.kl_weight, .per_row = {}, .per_dimension = {}, .per_sample = {}};
  }
  /// What codes without a prior cost, into their gradient.
  virtual void add_code_gradient(Context&, const Batch&) const {}

  /// Says what is minimised where that is not nll + β·KL.
  virtual void describe_costs(const Batch&, ops::BatchCosts&) const {}
  /// [n·K] how much each sample counts; empty: all alike.
  virtual VectorView<const float> sample_weights(const Batch&) const { return {}; }

  /// K of the importance-weighted bound that tells how good a model is on validation data; 0: terms_cost()
  /// does.
  virtual std::int64_t bound_samples() const { return 0; }
  /// What is minimised, in its final form, given the means over a split, nats.
  virtual double terms_cost(double reconstruction, double kl) const;
  /// The epochs, of `epochs`, after which it no longer changes: the KL's weight and capacity have risen, of
  /// cycles for the last time.
  std::int64_t settled_after(std::int64_t epochs) const;

 protected:
  const ObjectiveSettings& settings() const { return settings_; }

 private:
  ObjectiveSettings settings_;
};

/// objective.kind = "elbo": nll + β·KL, or with one of free bits, a capacity, penalised codes.
std::unique_ptr<Objective> make_elbo(const ModelConfig& config);
std::unique_ptr<Objective> make_free_bits(const ModelConfig& config);
std::unique_ptr<Objective> make_capacity(const ModelConfig& config);
std::unique_ptr<Objective> make_code_penalty(const ModelConfig& config);
/// objective.kind = "iwae": −log(1/K Σ_k exp(−nll_k − β·log_ratio_k)), the negative importance-weighted bound
/// (Burda et al. 2016, eq. 8).
std::unique_ptr<Objective> make_importance_weighted(const ModelConfig& config);
/// config.objective.kind by the table. Throws ConfigError if none is called that.
std::unique_ptr<Objective> make_objective(const ModelConfig& config);

}  // namespace elbo
