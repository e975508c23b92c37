#pragma once
// The step from the encoder's output to z and its cost.

#include <memory>
#include <vector>

#include "nn/network.h"
#include "ops/reparameterize.h"
#include "vae/batch.h"
#include "vae/config.h"
#include "vae/objective/objective.h"
#include "vae/prior/prior.h"

namespace elbo {

class Latent {
 public:
  virtual ~Latent() = default;

  /// The encoder's output layers.
  virtual std::vector<nn::NamedRows> heads() const = 0;
  /// Declares mean, z and their costs, given the head; also the prior's parameters and slots.
  virtual void declare(nn::Builder& builder, BatchSlots& slots) = 0;

  /// Declares what a prior makes of the condition; call once all else is declared.
  virtual void declare_prior(nn::Builder&, BatchSlots&) {}

  /// A block after the encoder that keeps its output, `head`, within bounds; call once `head` is declared.
  /// Null if there are no bounds.
  virtual std::unique_ptr<nn::Block> bound_head(nn::Slot head) const {
    (void)head;
    return nullptr;
  }

  /// The prior of z; null if z has none, and the model thus defines no density over data.
  virtual const Prior* prior() const = 0;

  /// Computes z, kl and log_ratio from the head. If `noise` names no examples, the batch's examples key it.
  virtual void sample(const nn::Run& run, const Batch& batch, const NoiseSource& noise) const = 0;
  /// Sets z to the mean of q(z|x), from the head. One sample per example.
  virtual void take_mean(const nn::Run& run, const Batch& batch) const = 0;
  /// Computes the gradient in the head from the results of the decoder's backward pass.
  virtual void backward(const nn::Run& run, const Batch& batch, const NoiseSource& noise,
                        const nn::Block& decoder, const Objective& objective,
                        const ObjectiveRates& rates) const = 0;
};

/// q(z|x) = N(μ, diag σ²) (Kingma & Welling 2014); its KL is analytic if the prior is N(0,
/// I), or a Gaussian of each example.
std::unique_ptr<Latent> make_gaussian_latent(const ModelConfig& config);
/// z = encoder(x): an autoencoder.
std::unique_ptr<Latent> make_point_latent(const ModelConfig& config);
/// The latent called config.kind in the table. Throws ConfigError if there is none.
std::unique_ptr<Latent> make_latent(const ModelConfig& config);

}  // namespace elbo
