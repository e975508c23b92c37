#pragma once
// The variational autoencoder (Kingma & Welling 2014) and the plain autoencoder: forward and backward over
// their parts.

#include "nn/parameters.h"
#include "vae/parts.h"

namespace elbo {

/// A model's parts with their parameters, on one device. Nothing here allocates once a Workspace is made, and
/// nothing waits for the device.
class Vae {
 public:
  /// Parameters drawn from `seed`. `context` must outlive this. Throws ConfigError, DeviceError.
  Vae(Context& context, const ModelConfig& config, std::uint64_t seed);
  Vae(const Vae&) = delete;
  Vae& operator=(const Vae&) = delete;

  const ModelConfig& config() const noexcept { return config_; }
  const VaeParts& parts() const noexcept { return parts_; }
  const Likelihood& likelihood() const noexcept { return *parts_.likelihood; }
  const Objective& objective() const noexcept { return *parts_.objective; }
  /// Null where the model has none, and so defines no density over data.
  const Prior* prior() const noexcept { return parts_.latent->prior(); }

  Context& context() const noexcept { return *context_; }
  nn::Parameters& parameters() const noexcept { return *parameters_; }
  nn::Run run() const noexcept { return {*context_, *parameters_}; }
  /// With the noise of a training step, for layers that draw.
  nn::Run run(const Batch& batch, const NoiseSource& noise) const;

  /// Whether the batches of workspaces that are made from here on come with a mask.
  void set_missing(bool missing) noexcept { config_.missing = missing || config_.encode_mask; }

  /// Whether each parameter's gradient is complete when its layer has it, so that Adam may use it there.
  bool gradients_are_layers_own() const noexcept { return !prior() || !prior()->needs_whole_gradient(); }

  /// What the prior needs of the parameters alone: before sample(), once they have changed.
  void prepare(const Batch& batch) const;
  /// The encoder's input → the head: mean, log_variance.
  void encode(const Batch& batch) const;
  /// The head → z, kl, log_ratio. `noise.examples` is the batch's where it is null.
  void sample(const Batch& batch, const NoiseSource& noise) const;
  /// z → the likelihood's parameters.
  void decode(const Batch& batch) const;
  /// The same from the head, with z the mean of q(z|x). One sample an example.
  void decode_mean(const Batch& batch) const;
  /// Those, x and mask → nll of the present values. With `gradient`, weight · ∂nll/∂parameters as well.
  void score(const Batch& batch, const ops::RowWeight& weight = {}, bool gradient = false) const;
  /// encode, sample, decode, score: the costs of a prepared batch, in nll and kl. No gradients.
  void forward(const Batch& batch, const NoiseSource& noise) const;

  /// z → nll, and its gradient in z in dz; no parameter's gradient. Needs a workspace with gradients. Throws
  /// ConfigError for an autoencoder.
  void decode_with_gradient(const Batch& batch) const;

  /// The first half of a training step, prepare() included: nll_parts, kl, what the objective costs besides,
  /// and its gradient in the likelihood's parameters. Needs a workspace with gradients and
  /// Parameters::prepare_training().
  void forward_with_gradient(const Batch& batch, const NoiseSource& noise, const ObjectiveRates& rates) const;
  /// The second half: the objective's gradient in every parameter, for `use`. The lanes are joined.
  void backward(const Batch& batch, const NoiseSource& noise, const ObjectiveRates& rates,
                const nn::GradientUse& use) const;
  /// Both.
  void forward_backward(const Batch& batch, const NoiseSource& noise, const ObjectiveRates& rates,
                        const nn::GradientUse& use = {}) const;

 private:
  void encode(const nn::Run& run, const Batch& batch) const;

  Context* context_;
  ModelConfig config_;
  VaeParts parts_;
  std::unique_ptr<nn::Parameters> parameters_;
};

/// Throws ConfigError where the model is an autoencoder, which defines no density over data.
void require_density(const Vae& vae);

}  // namespace elbo
