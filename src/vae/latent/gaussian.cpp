#include "base/check.h"
#include "ops/likelihood.h"
#include "ops/linear_reparameterize.h"
#include "vae/latent/latent.h"

namespace elbo {
namespace {

NoiseSource keyed_by_examples(NoiseSource noise, const Batch& batch) {
  if (!noise.examples) noise.examples = batch.examples().data;
  return noise;
}

class GaussianLatent final : public Latent {
 public:
  explicit GaussianLatent(const ModelConfig& config) : width_(config.latent), prior_(make_prior(config)) {
    if (prior_->is_standard_normal()) return;
    throw ConfigError(concat("model.prior = \"", config.prior, "\" has no analytic KL, which model.kind = \"",
                             config.kind, "\" needs"));
  }

  std::vector<nn::NamedRows> heads() const override {
    return {{"encoder.mean", width_}, {"encoder.log_variance", width_}};
  }

  void declare(nn::Builder& builder, BatchSlots& slots) override {
    mean_ = slots.mean = builder.part(slots.head, "mean", 0, width_);
    log_variance_ = slots.log_variance = builder.part(slots.head, "log_variance", width_, width_);
    slots.z = builder.activation({.name = "z", .rows = nn::Rows::samples, .cols = width_});
    builder.needs_gradient(slots.z);
    slots.kl = builder.activation({.name = "kl"});
    slots.log_ratio = builder.activation({.name = "log_ratio", .rows = nn::Rows::samples});
  }

  const Prior* prior() const override { return prior_.get(); }

  void sample(const nn::Run& run, const Batch& batch, const NoiseSource& noise) const override {
    ops::reparameterize(run.context, batch.z(), batch.kl(), batch.log_ratio(), batch.mean(),
                        batch.log_variance(), keyed_by_examples(noise, batch));
  }

  // E[x|μ] of a Gaussian is μ: a copy between rows that lie a stride apart.
  void take_mean(const nn::Run& run, const Batch& batch) const override {
    ops::likelihood_mean(run.context, LikelihoodKind::gaussian, {}, batch.z(), batch.mean());
  }

  void backward(const nn::Run& run, const Batch& batch, const NoiseSource& noise, const nn::Block& decoder,
                const Objective& objective, const ObjectiveRates& rates) const override {
    const MatrixView<float> dmean = batch.tape().gradient(mean_);
    const MatrixView<float> dlog_variance = batch.tape().gradient(log_variance_);
    const auto rows = static_cast<float>(batch.step_rows);
    const ops::KlWeight weight = objective.kl_weight(batch, rates);
    const NoiseSource keyed = keyed_by_examples(noise, batch);
    const auto product = decoder.input_gradient_product(run, batch.tape());
    if (product && batch.samples() == 1 && weight.per_sample.empty()) {
      return ops::linear_reparameterize_backward(run.context, dmean, dlog_variance, batch.dz(), product->dy,
                                                 product->weight, batch.mean(), batch.log_variance(), weight,
                                                 rows, keyed);
    }
    decoder.backward_input(run, batch.tape());
    ops::reparameterize_backward(run.context, dmean, dlog_variance, batch.dz(), batch.mean(),
                                 batch.log_variance(), weight, rows, keyed);
  }

 private:
  std::int64_t width_;
  std::unique_ptr<Prior> prior_;
  nn::Slot mean_, log_variance_;
};

}  // namespace

std::unique_ptr<Latent> make_gaussian_latent(const ModelConfig& config) {
  return std::make_unique<GaussianLatent>(config);
}

}  // namespace elbo
