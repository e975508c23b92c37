// The bound of a model that infers the label (Kingma et al. 2014, eq. 6, 7 and 9).

#include "ops/class_bound.h"
#include "ops/importance_weights.h"
#include "vae/objective/objective.h"

namespace elbo {
namespace {

/// As with importance weights, the weights depend on all costs, and weight the gradients afterwards.
class ClassBound final : public Objective {
 public:
  explicit ClassBound(const ObjectiveSettings& settings) : Objective(settings) {}

  void declare(nn::Builder& builder, BatchSlots& slots, std::int64_t) override {
    slots.class_weights = builder.activation({.name = "class_weights", .rows = nn::Rows::samples});
    slots.bound_nll = builder.activation({.name = "bound.nll"});
    slots.bound_kl = builder.activation({.name = "bound.kl"});
    cost_ = builder.activation({.name = "bound.cost", .uses = nn::kTraining});
  }
  ops::RowWeight likelihood_weight(const Batch& batch) const override {
    return {.scale = 1.0f / static_cast<float>(batch.step_rows), .per_row = {}};
  }
  void after_likelihood(Context& context, const Batch& batch, const ObjectiveRates& rates) const override {
    const ops::ClassBound result = {.weights = batch.class_weights(),
                                    .nll = batch.bound_nll(),
                                    .kl = batch.bound_kl(),
                                    .cost = batch.tape().vector(cost_),
                                    .dlogits = batch.dlogits()};
    const VectorView<const float> label(batch.label().data, batch.rows());
    ops::class_bound(context, result,
                     {.nll = batch.nll_parts(), .kl = batch.kl(), .logits = batch.logits(), .label = label},
                     {.kl_weight = rates.kl_weight,
                      .classifier = rates.classifier,
                      .gradient_scale = 1.0f / static_cast<float>(batch.step_rows)});
    if (!batch.dparameters().empty()) ops::weight_rows(context, batch.dparameters(), batch.class_weights());
  }
  ops::KlWeight kl_weight(const Batch& batch, const ObjectiveRates& rates) const override {
    ops::KlWeight weight = Objective::kl_weight(batch, rates);
    weight.per_row = batch.class_weights();
    return weight;
  }
  void describe_costs(const Batch& batch, ops::BatchCosts& costs) const override {
    costs.nll = batch.bound_nll();
    costs.kl = batch.bound_kl();
    costs.samples = 1;
    costs.objective = batch.tape().vector(cost_);
  }
  VectorView<const float> sample_weights(const Batch& batch) const override { return batch.class_weights(); }

 private:
  nn::Slot cost_;  ///< [n] nats
};

}  // namespace

std::unique_ptr<Objective> make_class_bound(const ModelConfig& config) {
  return std::make_unique<ClassBound>(config.objective);
}

}  // namespace elbo
