// Free bits (Kingma et al. 2016): the first nats of each latent dimension's KL cost nothing.

#include "ops/kl_objective.h"
#include "vae/objective/objective.h"

namespace elbo {
namespace {

class FreeBits final : public Objective {
 public:
  explicit FreeBits(const ObjectiveSettings& settings)
      : Objective(settings), nats_(static_cast<float>(settings.free_bits)) {}

  void declare(nn::Builder& builder, BatchSlots&, std::int64_t latent) override {
    counts_ = builder.activation(
        {.name = "free_bits.counts", .rows = nn::Rows::one, .cols = latent, .uses = nn::kTraining});
    cost_ = builder.activation({.name = "free_bits.cost", .rows = nn::Rows::one, .uses = nn::kTraining});
  }
  void before_likelihood(Context& context, const Batch& batch, const ObjectiveRates& rates) const override {
    ops::free_bits(context, batch.tape().vector(counts_), batch.tape().vector(cost_).data,
                   batch.relative_mean(), batch.relative_log_variance(), nats_, rates.kl_weight);
  }
  ops::KlWeight kl_weight(const Batch& batch, const ObjectiveRates& rates) const override {
    ops::KlWeight weight = Objective::kl_weight(batch, rates);
    weight.per_dimension = batch.tape().vector(counts_);
    return weight;
  }
  void describe_costs(const Batch& batch, ops::BatchCosts& costs) const override {
    costs.kl_cost = batch.tape().vector(cost_).data;
  }

 private:
  float nats_;
  nn::Slot counts_;  ///< [latent] 1 where a dimension's KL counts
  nn::Slot cost_;    ///< [1] the KL's cost, nats
};

}  // namespace

std::unique_ptr<Objective> make_free_bits(const ModelConfig& config) {
  return std::make_unique<FreeBits>(config.objective);
}

}  // namespace elbo
