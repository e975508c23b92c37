#pragma once
// The common part of priors that are mixtures of Gaussians.

#include <memory>

#include "ops/mixture.h"
#include "vae/prior/prior.h"

namespace elbo {

/// Σ_c w_c N(μ_c, diag σ_c²); the derived class has the components.
class GaussianMixture : public Prior {
 public:
  explicit GaussianMixture(const ModelConfig& config)
      : latent_(config.latent), components_(config.components) {}

  void add_cost(const nn::Run& run, const Batch& batch) const final;
  VectorView<const float> backward(const nn::Run& run, const Batch& batch, const ops::KlWeight& weight,
                                   float divisor) const final;
  std::unique_ptr<HostPrior> on_host(const nn::Run& run, const Batch& batch) const final;
  void from_normal(const nn::Run& run, const Batch& batch, std::uint64_t seed) const final;
  void leapfrog(const nn::Run& run, const Batch& batch, MatrixView<float> velocity,
                MatrixView<const float> gradient, float temperature, float kick, float drift) const final;
  void hamiltonian(const nn::Run& run, const Batch& batch, VectorView<float> energy,
                   MatrixView<const float> velocity, VectorView<const float> nll,
                   float temperature) const final;

 protected:
  struct Components {
    MatrixView<const float> mean, log_variance;  ///< [C, latent]
  };

  std::int64_t latent() const { return latent_; }
  std::int64_t components() const { return components_; }

  /// Declares the slots that every mixture needs on the batch's tape.
  void declare_passes(nn::Builder& builder);
  /// Prepares the components, once their log-variances (and logits, if learned) are computed.
  void prepare_components(const nn::Run& run, const Batch& batch, MatrixView<const float> log_variance,
                          VectorView<const float> logits) const;
  /// Computes the gradient in the components; call after backward().
  void backward_components(const nn::Run& run, const Batch& batch, const ops::MixtureGradient& gradient,
                           bool accumulate) const;

 private:
  virtual Components components_of(const nn::Run& run, const Batch& batch) const = 0;

  ops::Mixture mixture(const nn::Run& run, const Batch& batch) const;

  std::int64_t latent_, components_;
  nn::Slot precision_, log_weight_, log_scale_;  ///< [C·latent], [C], [C]: see ops::Mixture
  nn::Slot excess_;                              ///< [n·K]
  nn::Slot responsibilities_;                    ///< [n·K, C], on tapes with gradients
  nn::Slot weights_;                             ///< [n·K], on tapes with gradients
};

}  // namespace elbo
