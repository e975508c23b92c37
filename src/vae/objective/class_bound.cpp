// The bound of a model that infers the label (Kingma et al. 2014, eq. 6, 7 and 9).

#include "ops/class_bound.h"
#include "ops/importance_weights.h"
#include "vae/objective/objective.h"

namespace elbo {
namespace {

/// As with importance weights, the weights depend on all costs, and weight the gradients afterwards.
class ClassBound : public Objective {
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
    ops::class_bound(
        context,
        {.weights = batch.class_weights(),
         .nll = batch.bound_nll(),
         .kl = batch.bound_kl(),
         .cost = cost(batch),
         .dlogits = batch.dlogits()},
        {.nll = batch.nll_parts(), .kl = batch.kl(), .logits = batch.logits(), .label = labels(batch)},
        weighting(batch, rates));
    if (!batch.dparameters().empty()) ops::weight_rows(context, batch.dparameters(), batch.class_weights());
  }
  ops::KlWeight kl_weight(const Batch& batch, const ObjectiveRates& rates) const override {
    ops::KlWeight weight = Objective::kl_weight(batch, rates);
    weight.per_row = batch.class_weights();
    return weight;
  }
  void evaluate(Context& context, const Batch& batch) const override {
    if (batch.classes() > 1) ClassBound::after_likelihood(context, batch, {});
  }
  void describe_costs(const Batch& batch, ops::BatchCosts& costs) const override {
    costs.nll = batch.bound_nll();
    costs.kl = batch.bound_kl();
    costs.samples = 1;
    costs.objective = cost(batch);
  }
  VectorView<const float> sample_weights(const Batch& batch) const override { return batch.class_weights(); }

 protected:
  VectorView<float> cost(const Batch& batch) const { return batch.tape().vector(cost_); }
  static VectorView<const float> labels(const Batch& batch) { return {batch.label().data, batch.rows()}; }
  static ops::ClassWeighting weighting(const Batch& batch, const ObjectiveRates& rates) {
    return {.kl_weight = rates.kl_weight,
            .classifier = rates.classifier,
            .gradient_scale = 1.0f / static_cast<float>(batch.step_rows)};
  }

 private:
  nn::Slot cost_;  ///< [n] nats
};

/// The classifier's cost alone. Encoder and decoder have gradients of 0.
class ClassifierAlone final : public ClassBound {
 public:
  using ClassBound::ClassBound;

  void declare(nn::Builder& builder, BatchSlots& slots, std::int64_t latent) override {
    ClassBound::declare(builder, slots, latent);
    zeros_ = builder.activation({.name = "zeros", .rows = nn::Rows::samples, .uses = nn::kTraining});
  }
  ops::RowWeight likelihood_weight(const Batch&) const override { return {.scale = 0.0f, .per_row = {}}; }
  void after_likelihood(Context& context, const Batch& batch, const ObjectiveRates& rates) const override {
    ClassBound::after_likelihood(context, batch, rates);
    const VectorView<float> zeros = batch.tape().vector(zeros_);
    context.fill_zero(zeros.data, sizeof(float) * static_cast<std::size_t>(zeros.size));
    // Costs of 0 leave the classifier's.
    ops::ClassWeighting alone = weighting(batch, rates);
    alone.kl_weight = zeros.data;
    ops::class_bound(
        context,
        {.weights = batch.class_weights(),
         .nll = {},
         .kl = {},
         .cost = cost(batch),
         .dlogits = batch.dlogits()},
        {.nll = {zeros.data, zeros.size, 1}, .kl = zeros, .logits = batch.logits(), .label = labels(batch)},
        alone);
  }
  ops::KlWeight kl_weight(const Batch& batch, const ObjectiveRates& rates) const override {
    ops::KlWeight weight = Objective::kl_weight(batch, rates);
    weight.per_row = batch.tape().vector(zeros_);
    return weight;
  }

 private:
  nn::Slot zeros_;  ///< [n·C]
};

}  // namespace

std::unique_ptr<Objective> make_class_bound(const ModelConfig& config) {
  if (config.objective.classifier_alone) return std::make_unique<ClassifierAlone>(config.objective);
  return std::make_unique<ClassBound>(config.objective);
}

}  // namespace elbo
