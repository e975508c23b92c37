// β |KL − C| (Burgess et al. 2018).

#include <cmath>

#include "ops/kl_objective.h"
#include "vae/objective/objective.h"

namespace elbo {
namespace {

class Capacity final : public Objective {
 public:
  explicit Capacity(const ObjectiveSettings& settings) : Objective(settings) {}

  void declare(nn::Builder& builder, BatchSlots&, std::int64_t) override {
    scale_ = builder.activation({.name = "capacity.scale", .rows = nn::Rows::one, .uses = nn::kTraining});
    cost_ = builder.activation({.name = "capacity.cost", .rows = nn::Rows::one, .uses = nn::kTraining});
  }
  void before_likelihood(Context& context, const Batch& batch, const ObjectiveRates& rates) const override {
    ops::kl_capacity(context, batch.tape().vector(scale_).data, batch.tape().vector(cost_).data, batch.kl(),
                     rates.kl_weight, rates.capacity);
  }
  ops::KlWeight kl_weight(const Batch& batch, const ObjectiveRates& rates) const override {
    ops::KlWeight weight = Objective::kl_weight(batch, rates);
    weight.scale = batch.tape().vector(scale_).data;
    return weight;
  }
  void describe_costs(const Batch& batch, ops::BatchCosts& costs) const override {
    costs.kl_cost = batch.tape().vector(cost_).data;
  }
  double terms_cost(double reconstruction, double kl) const override {
    return reconstruction + settings().beta * std::abs(kl - settings().capacity);
  }

 private:
  nn::Slot scale_;  ///< [1] the KL's weight in the gradient
  nn::Slot cost_;   ///< [1] the KL's cost, nats
};

}  // namespace

std::unique_ptr<Objective> make_capacity(const ModelConfig& config) {
  return std::make_unique<Capacity>(config.objective);
}

}  // namespace elbo
