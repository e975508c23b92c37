#pragma once
// The variational autoencoder (Kingma & Welling 2014) and the plain autoencoder: forward and backward passes
// over their parts.

#include "nn/parameters.h"
#include "vae/parts.h"

namespace elbo {

/// A model's parts with their parameters, on one device. Its methods do not allocate once a Workspace is
/// made, and do not wait for the device.
class Vae {
 public:
  /// Draws parameters from `seed`. `context` must outlive this. Throws ConfigError, DeviceError.
  Vae(Context& context, const ModelConfig& config, std::uint64_t seed);
  Vae(const Vae&) = delete;
  Vae& operator=(const Vae&) = delete;

  const ModelConfig& config() const noexcept { return config_; }
  const VaeParts& parts() const noexcept { return parts_; }
  const Likelihood& likelihood() const noexcept { return *parts_.likelihood; }
  const Objective& objective() const noexcept { return *parts_.objective; }
  /// Null if the model has no prior, and so defines no density over data.
  const Prior* prior() const noexcept { return parts_.latent->prior(); }

  Context& context() const noexcept { return *context_; }
  nn::Parameters& parameters() const noexcept { return *parameters_; }
  nn::Run run() const noexcept { return {*context_, *parameters_}; }
  /// The run of a training step, with noise for layers that draw.
  nn::Run run(const Batch& batch, const NoiseSource& noise) const;

  /// Sets whether batches of workspaces made from now on have a mask.
  void set_missing(bool missing) noexcept { config_.missing = missing || config_.encode_mask; }

  /// Whether each parameter's gradient is complete after its layer's backward pass, so that Adam may use it
  /// at once.
  bool gradients_are_layers_own() const noexcept { return !prior() || !prior()->needs_whole_gradient(); }

  /// Computes what the prior needs from the parameters alone. Call before sample(), after the parameters have
  /// changed.
  void prepare(const Batch& batch) const;
  /// Computes the head (mean, log_variance) from the encoder's input, and the logits of a q(y|x).
  void encode(const Batch& batch) const;
  /// Computes z, kl and log_ratio from the head. If `noise.examples` is null, the batch's examples are used.
  void sample(const Batch& batch, const NoiseSource& noise) const;
  /// Computes the likelihood's parameters from z.
  void decode(const Batch& batch) const;
  /// The same from the head, with z the mean of q(z|x). One sample per example.
  void decode_mean(const Batch& batch) const;
  /// Computes nll of the present values from the parameters, x and mask; with `gradient`, also weight ·
  /// ∂nll/∂parameters.
  void score(const Batch& batch, const ops::RowWeight& weight = {}, bool gradient = false) const;
  /// Runs encode, sample, decode and score: computes a prepared batch's nll and kl, without gradients, and
  /// the bound of examples that it has as every class.
  void forward(const Batch& batch, const NoiseSource& noise) const;

  /// Computes nll from z, and its gradient in z, but no parameter's gradient. Needs a workspace with
  /// gradients. Throws ConfigError for an autoencoder.
  void decode_with_gradient(const Batch& batch) const;

  /// The first half of a training step, including prepare(): computes nll_parts, kl, the objective's other
  /// costs, and its gradient in the likelihood's parameters. Needs a workspace with gradients and
  /// Parameters::prepare_training().
  void forward_with_gradient(const Batch& batch, const NoiseSource& noise, const ObjectiveRates& rates) const;
  /// The second half: computes the objective's gradient in every parameter, for `use`. Joins the branches.
  void backward(const Batch& batch, const NoiseSource& noise, const ObjectiveRates& rates,
                const nn::GradientUse& use) const;
  /// Runs both halves.
  void forward_backward(const Batch& batch, const NoiseSource& noise, const ObjectiveRates& rates,
                        const nn::GradientUse& use = {}) const;

 private:
  void encode(const nn::Run& run, const Batch& batch) const;

  Context* context_;
  ModelConfig config_;
  VaeParts parts_;
  std::unique_ptr<nn::Parameters> parameters_;
};

/// Throws ConfigError for an autoencoder, which defines no density over data.
void require_density(const Vae& vae);

}  // namespace elbo
