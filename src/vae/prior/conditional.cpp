// A prior of each example, which a network makes of its condition.

#include "base/check.h"
#include "nn/clamp.h"
#include "ops/conditional_prior.h"
#include "vae/prior/standard_normal.h"

namespace elbo {
namespace {

class ConditionalPrior final : public StandardNormal {
 public:
  explicit ConditionalPrior(const ModelConfig& config)
      : StandardNormal(config.latent),
        layers_(config.prior_layers),
        activation_(config.activation),
        bounds_(config.log_variance_bounds) {}

  bool is_conditional() const override { return true; }
  const nn::Network* network() const override { return &network_; }

  void declare_network(nn::Builder& builder, BatchSlots& slots) override {
    const std::int64_t width = latent();
    nn::NetworkPlan plan{.name = "prior",
                         .setting = "model.prior_layers",
                         .layers = {},
                         .activation = activation_,
                         .heads = {{"prior.mean", width}, {"prior.log_variance", width}},
                         .zero_heads = true};
    for (const Layer& layer : layers_) plan.layers.push_back(layer.text());
    network_ = nn::make_network(builder, slots.condition, plan);
    const nn::Slot head = network_.output();
    mean_ = builder.part(head, "prior_mean", 0, width);
    log_variance_ = builder.part(head, "prior_log_variance", width, width);
    if (!bounds_.empty()) {
      network_.append(std::make_unique<nn::Clamp>(head, log_variance_, static_cast<float>(bounds_[0]),
                                                  static_cast<float>(bounds_[1])));
    }
    declare_relative(builder, slots);
  }

  void read_condition(const nn::Run& run, const Batch& batch) const override {
    network_.forward(run, batch.tape());
  }

  void relate(const nn::Run& run, const Batch& batch) const override {
    read_condition(run, batch);
    ops::relative_moments(run.context, {batch.relative_mean(), batch.relative_log_variance()},
                          {batch.mean(), batch.log_variance()}, moments(batch));
  }

  void relate_backward(const nn::Run& run, const Batch& batch, MatrixView<float> dmean,
                       const ops::KlWeight& weight, float divisor) const override {
    const nn::Tape& tape = batch.tape();
    ops::relative_moments_backward(run.context, dmean, {tape.gradient(mean_), tape.gradient(log_variance_)},
                                   {batch.relative_mean(), batch.relative_log_variance()}, batch.relative_z(),
                                   tape[log_variance_], weight, divisor);
  }

  void place(const nn::Run& run, const Batch& batch) const override {
    ops::place_codes(run.context, batch.z(), batch.relative_z(), moments(batch));
  }

  void place_backward(const nn::Run& run, const Batch& batch) const override {
    ops::place_codes_backward(run.context, batch.dz(), batch.tape()[log_variance_]);
  }

  void use_gradients(const nn::Run& run, const Batch& batch, const nn::Network&,
                     const nn::GradientUse& use) const override {
    network_.backward(run, batch.tape(), use);
    network_.use_first_gradients(run, batch.tape(), use, false);
  }

  // Standard normals are draws of u already.
  void from_normal(const nn::Run& run, const Batch& batch, std::uint64_t) const override {
    read_condition(run, batch);
  }

 private:
  void declare_relative(nn::Builder& builder, BatchSlots& slots) const {
    const nn::SlotInfo& z = builder.info(slots.z);
    const nn::Slot posterior =
        builder.activation({.name = "relative", .rows = builder.info(slots.head).rows, .cols = 2 * latent()});
    const nn::Slot code = builder.activation({.name = "relative_z", .rows = z.rows, .cols = latent()});
    slots.relative_mean = builder.part(posterior, "relative_mean", 0, latent());
    slots.relative_log_variance = builder.part(posterior, "relative_log_variance", latent(), latent());
    slots.relative_z = code;
  }

  ops::Moments<const float> moments(const Batch& batch) const {
    return {batch.tape()[mean_], batch.tape()[log_variance_]};
  }

  std::vector<Layer> layers_;
  Activation activation_;
  std::vector<double> bounds_;  ///< of log τ²: low and high, or none
  nn::Network network_;
  nn::Slot mean_, log_variance_;  ///< [n, latent] μ and log τ²
};

}  // namespace

std::unique_ptr<Prior> make_conditional(const ModelConfig& config) {
  if ((config.condition_classes == 0 && config.condition_levels.empty()) || config.infers_label) {
    throw ConfigError(
        "model.prior = \"conditional\" is a prior for each label that model.condition reads: set "
        "model.condition = [\"label\"] too, with model.kind = \"vae\".");
  }
  return std::make_unique<ConditionalPrior>(config);
}

}  // namespace elbo
