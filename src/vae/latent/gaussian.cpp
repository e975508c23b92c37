#include "base/check.h"
#include "nn/clamp.h"
#include "ops/likelihood.h"
#include "ops/linear_reparameterize.h"
#include "vae/latent/latent.h"

namespace elbo {
namespace {

NoiseSource keyed_by_examples(NoiseSource noise, const Batch& batch) {
  if (!noise.examples) noise.examples = batch.examples().data;
  // The classes share it: only the class makes their costs differ.
  noise.rows_per_example = batch.classes();
  return noise;
}

class GaussianLatent final : public Latent {
 public:
  explicit GaussianLatent(const ModelConfig& config)
      : width_(config.latent), bounds_(config.log_variance_bounds), prior_(make_prior(config)) {
    if (config.objective.free_bits == 0.0 || prior_->has_unit_kl()) return;
    throw ConfigError(concat(
        "objective.free_bits needs a KL for each latent dimension, but with model.prior = \"", config.prior,
        "\" there is only one for all together: leave it at 0, or use objective.capacity."));
  }

  std::vector<nn::NamedRows> heads() const override {
    return {{"encoder.mean", width_}, {"encoder.log_variance", width_}};
  }

  void declare(nn::Builder& builder, BatchSlots& slots) override {
    mean_ = slots.mean = builder.part(slots.head, "mean", 0, width_);
    log_variance_ = slots.log_variance = builder.part(slots.head, "log_variance", width_, width_);
    slots.relative_mean = slots.mean;
    slots.relative_log_variance = slots.log_variance;
    slots.z = builder.activation({.name = "z", .rows = nn::Rows::samples, .cols = width_});
    slots.relative_z = slots.z;
    builder.needs_gradient(slots.z);
    slots.kl = builder.activation({.name = "kl", .rows = builder.info(slots.head).rows});
    slots.log_ratio = builder.activation({.name = "log_ratio", .rows = nn::Rows::samples});
    prior_->declare(builder, slots);
  }
  void declare_prior(nn::Builder& builder, BatchSlots& slots) override {
    prior_->declare_network(builder, slots);
  }

  std::unique_ptr<nn::Block> bound_head(nn::Slot head) const override {
    if (bounds_.empty()) return nullptr;
    return std::make_unique<nn::Clamp>(head, log_variance_, static_cast<float>(bounds_[0]),
                                       static_cast<float>(bounds_[1]));
  }

  const Prior* prior() const override { return prior_.get(); }

  void sample(const nn::Run& run, const Batch& batch, const NoiseSource& noise) const override {
    const VectorView<float> kl = prior_->is_standard_normal() ? batch.kl() : VectorView<float>();
    ops::reparameterize(run.context, batch.relative_z(), kl, batch.log_ratio(), batch.relative_mean(),
                        batch.relative_log_variance(), keyed_by_examples(noise, batch));
    if (!prior_->is_standard_normal()) prior_->add_cost(run, batch);
    prior_->place(run, batch);
  }

  // The mean of q(z|x) is μ: copies strided rows. The condition may be another than the encoder's: the code
  // then has the same place relative to that condition's prior.
  void take_mean(const nn::Run& run, const Batch& batch) const override {
    ops::likelihood_mean(run.context, LikelihoodKind::gaussian, {}, batch.relative_z(),
                         batch.relative_mean());
    prior_->read_condition(run, batch);
    prior_->place(run, batch);
  }

  void backward(const nn::Run& run, const Batch& batch, const NoiseSource& noise, const nn::Block& decoder,
                const Objective& objective, const ObjectiveRates& rates) const override {
    const MatrixView<float> dmean = batch.tape().gradient(mean_);
    const MatrixView<float> dlog_variance = batch.tape().gradient(log_variance_);
    const auto rows = static_cast<float>(batch.step_rows);
    ops::KlWeight weight = objective.kl_weight(batch, rates);
    const NoiseSource keyed = keyed_by_examples(noise, batch);
    const auto gemm = decoder.input_gradient_gemm(run, batch.tape());
    const bool standard = prior_->is_standard_normal();
    const bool fusible = standard && !prior_->is_conditional() && weight.per_sample.empty();
    if (gemm && fusible && batch.samples() == 1) {
      return ops::linear_reparameterize_backward(run.context, dmean, dlog_variance, batch.dz(), gemm->dy,
                                                 gemm->weight, batch.mean(), batch.log_variance(), weight,
                                                 rows, keyed);
    }
    decoder.backward_input(run, batch.tape());
    if (!standard) {
      const VectorView<const float> weights = prior_->backward(run, batch, weight, rows);
      weight = {};
      weight.per_sample = weights;
    }
    prior_->place_backward(run, batch);
    ops::reparameterize_backward(run.context, dmean, dlog_variance, batch.dz(), batch.relative_mean(),
                                 batch.relative_log_variance(), weight, standard ? rows : 1.0f, keyed);
    prior_->relate_backward(run, batch, dmean, weight, rows);
  }

 private:
  std::int64_t width_;
  std::vector<double> bounds_;  ///< of log σ²: low and high, or none
  std::unique_ptr<Prior> prior_;
  nn::Slot mean_, log_variance_;
};

}  // namespace

std::unique_ptr<Latent> make_gaussian_latent(const ModelConfig& config) {
  return std::make_unique<GaussianLatent>(config);
}

}  // namespace elbo
