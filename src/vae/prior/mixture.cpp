#include "vae/prior/gaussian_mixture.h"

namespace elbo {
namespace {

/// The spread of the initial means: far enough for each component to attract different codes, near enough for
/// each to attract some.
constexpr float kSpread = 0.5f;

class LearnedMixture final : public GaussianMixture {
 public:
  using GaussianMixture::GaussianMixture;

  void declare(nn::Builder& builder, const BatchSlots&) override {
    const auto matrix = [&](const char* name) {
      return nn::ParameterInfo{.parts = {{name, components()}}, .cols = latent()};
    };
    nn::ParameterInfo mean = matrix("prior.mean"), log_variance = matrix("prior.log_variance");
    mean.deviation = kSpread;
    log_variance.value = 0.0f;
    mean_ = builder.parameter(std::move(mean));
    log_variance_ = builder.parameter(std::move(log_variance));
    logits_ = builder.parameter({.parts = {{"prior.logits", components()}}, .value = 0.0f});
    declare_passes(builder);
  }
  void prepare(const nn::Run& run, const Batch& batch, const nn::Network&) const override {
    nn::Parameters& p = run.parameters;
    prepare_components(run, batch, p.matrix(log_variance_, p.values()), p.vector(logits_, p.values()));
  }
  void use_gradients(const nn::Run& run, const Batch& batch, const nn::Network&,
                     const nn::GradientUse& use) const override {
    nn::Parameters& p = run.parameters;
    const ops::MixtureGradient gradient = {p.matrix(mean_, p.gradient()),
                                           p.matrix(log_variance_, p.gradient()),
                                           p.vector(logits_, p.gradient())};
    backward_components(run, batch, gradient, use.accumulate);
  }

 private:
  Components components_of(const nn::Run& run, const Batch&) const override {
    nn::Parameters& p = run.parameters;
    return {p.matrix(mean_, p.values()), p.matrix(log_variance_, p.values())};
  }

  nn::Parameter mean_, log_variance_;  ///< [C, latent]
  nn::Parameter logits_;               ///< [C]
};

}  // namespace

std::unique_ptr<Prior> make_mixture(const ModelConfig& config) {
  return std::make_unique<LearnedMixture>(config);
}

}  // namespace elbo
