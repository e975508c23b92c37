#include "ops/importance_weights.h"
#include "vae/objective/objective.h"

namespace elbo {
namespace {

/// The weights depend on all costs. Computing costs and gradients in one pass and weighting the gradients
/// afterwards is faster than two passes, each of which needs the likelihood's parameters.
class ImportanceWeighted final : public Objective {
 public:
  explicit ImportanceWeighted(const ObjectiveSettings& settings) : Objective(settings) {}

  void declare(nn::Builder& builder, BatchSlots&, std::int64_t) override {
    weights_ =
        builder.activation({.name = "importance.weights", .rows = nn::Rows::samples, .uses = nn::kTraining});
    bound_ = builder.activation({.name = "importance.bound", .uses = nn::kTraining});
  }
  ops::RowWeight likelihood_weight(const Batch& batch) const override {
    return {.scale = 1.0f / static_cast<float>(batch.step_rows), .per_row = {}};
  }
  void after_likelihood(Context& context, const Batch& batch, const ObjectiveRates& rates) const override {
    const VectorView<float> weights = batch.tape().vector(weights_);
    ops::importance_weights(context, weights, batch.tape().vector(bound_), batch.nll_parts(),
                            batch.log_ratio(), rates.kl_weight);
    if (batch.samples() > 1) ops::weight_rows(context, batch.dparameters(), weights);
  }
  ops::KlWeight kl_weight(const Batch& batch, const ObjectiveRates& rates) const override {
    ops::KlWeight weight = Objective::kl_weight(batch, rates);
    weight.per_sample = batch.tape().vector(weights_);
    return weight;
  }
  void describe_costs(const Batch& batch, ops::BatchCosts& costs) const override {
    costs.objective = batch.tape().vector(bound_);
  }
  VectorView<const float> sample_weights(const Batch& batch) const override {
    return batch.tape().vector(weights_);
  }
  // The bound decides which epoch is best, as it may rise while the ELBO falls.
  std::int64_t bound_samples() const override { return settings().samples; }

 private:
  nn::Slot weights_;  ///< [n·K] w_k / Σ w
  nn::Slot bound_;    ///< [n] the negative bound, nats
};

}  // namespace

std::unique_ptr<Objective> make_importance_weighted(const ModelConfig& config) {
  return std::make_unique<ImportanceWeighted>(config.objective);
}

}  // namespace elbo
