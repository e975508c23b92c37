#pragma once
// The objective that a training step minimises: objective.* of a recipe.

#include <memory>

#include "ops/likelihood.h"
#include "ops/record_loss.h"
#include "ops/reparameterize.h"
#include "nn/builder.h"
#include "vae/batch.h"
#include "vae/config.h"

namespace elbo {

/// A step's weights. Those that change from step to step are in device memory; null: 1.
struct ObjectiveRates {
  const float* kl_weight = nullptr;  ///< β
  const float* capacity = nullptr;   ///< C, nats
  float classifier = 0.0f;  ///< weight of a labelled example's −log q(y|x), for m2; does not change
};

/// The mean over a step's rows of nll + β·KL, averaged over K samples. Other objectives override the methods
/// that differ. A training step calls before_likelihood(), computes the likelihood's gradient with
/// likelihood_weight(), calls after_likelihood(), and runs the backward pass with kl_weight().
class Objective {
 public:
  explicit Objective(const ObjectiveSettings& settings) : settings_(settings) {}
  virtual ~Objective() = default;

  /// Declares its slots on training tapes.
  virtual void declare(nn::Builder&, BatchSlots&, std::int64_t latent) { (void)latent; }

  /// Called once the batch has z and its cost.
  virtual void before_likelihood(Context&, const Batch&, const ObjectiveRates&) const {}
  /// The weights of the rows in the likelihood's gradient.
  virtual ops::RowWeight likelihood_weight(const Batch& batch) const;
  /// Called once the batch has −log p(x|z) and its gradient.
  virtual void after_likelihood(Context&, const Batch&, const ObjectiveRates&) const {}
  /// The weights of the KL's terms in the backward pass.
  virtual ops::KlWeight kl_weight(const Batch&, const ObjectiveRates& rates) const {
    return {.scale = rates.kl_weight, .per_row = {}, .per_dimension = {}, .per_sample = {}};
  }
  /// Adds the gradient of the penalty on codes without a prior.
  virtual void add_code_gradient(Context&, const Batch&) const {}

  /// In evaluation, called once the batch has −log p(x|z): computes the bound of what it has as every class.
  virtual void evaluate(Context&, const Batch&) const {}

  /// Describes the minimised objective if it is not nll + β·KL.
  virtual void describe_costs(const Batch&, ops::BatchCosts&) const {}
  /// [n·K] the weight of each sample; empty: all equal.
  virtual VectorView<const float> sample_weights(const Batch&) const { return {}; }

  /// K of the importance-weighted bound that measures a model on validation data; 0: terms_cost() does.
  virtual std::int64_t bound_samples() const { return 0; }
  /// The objective with its final weights, from the means over a split, nats.
  virtual double terms_cost(double reconstruction, double kl) const;
  /// The number of epochs, of `epochs`, after which it no longer changes: the KL's weight and capacity have
  /// risen, with cycles for the last time.
  std::int64_t settled_after(std::int64_t epochs) const;

 protected:
  const ObjectiveSettings& settings() const { return settings_; }

 private:
  ObjectiveSettings settings_;
};

/// objective.kind = "elbo": nll + β·KL, possibly with free bits, a capacity or penalised codes.
std::unique_ptr<Objective> make_elbo(const ModelConfig& config);
std::unique_ptr<Objective> make_free_bits(const ModelConfig& config);
std::unique_ptr<Objective> make_capacity(const ModelConfig& config);
std::unique_ptr<Objective> make_code_penalty(const ModelConfig& config);
/// For m2: the bound over the classes, with the classifier's cost.
std::unique_ptr<Objective> make_class_bound(const ModelConfig& config);
/// objective.kind = "iwae": −log(1/K Σ_k exp(−nll_k − β·log_ratio_k)), the negative importance-weighted bound
/// (Burda et al. 2016, eq. 8).
std::unique_ptr<Objective> make_importance_weighted(const ModelConfig& config);
/// The objective called config.objective.kind in the table. Throws ConfigError if there is none.
std::unique_ptr<Objective> make_objective(const ModelConfig& config);

}  // namespace elbo
