// l1 Σ|z| + l2 Σz² for codes without a prior.

#include "ops/code_penalty.h"
#include "vae/objective/objective.h"

namespace elbo {
namespace {

class CodePenalty final : public Objective {
 public:
  explicit CodePenalty(const ObjectiveSettings& settings)
      : Objective(settings),
        penalty_{static_cast<float>(settings.code_l1), static_cast<float>(settings.code_l2)} {}

  void declare(nn::Builder& builder, BatchSlots&, std::int64_t) override {
    cost_ = builder.activation({.name = "code_penalty.cost", .uses = nn::kTraining});
  }
  void before_likelihood(Context& context, const Batch& batch, const ObjectiveRates&) const override {
    ops::code_penalty(context, batch.tape().vector(cost_), {}, batch.z(), penalty_, 1.0f);
  }
  void add_code_gradient(Context& context, const Batch& batch) const override {
    ops::code_penalty(context, {}, batch.dz(), batch.z(), penalty_, static_cast<float>(batch.step_rows));
  }
  void describe_costs(const Batch& batch, ops::BatchCosts& costs) const override {
    costs.penalty = batch.tape().vector(cost_);
  }

 private:
  ops::CodePenalty penalty_;
  nn::Slot cost_;  ///< [n] nats
};

}  // namespace

std::unique_ptr<Objective> make_code_penalty(const ModelConfig& config) {
  return std::make_unique<CodePenalty>(config.objective);
}

}  // namespace elbo
