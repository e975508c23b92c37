#pragma once
// From what the encoder gives to z and its cost.

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
  /// Declares mean, z and what they cost, given the head; the prior's parameters and slots too.
  virtual void declare(nn::Builder& builder, BatchSlots& slots) = 0;

  /// A block behind the encoder that keeps its output, `head`, within bounds, once that is declared; null
  /// if it has none.
  virtual std::unique_ptr<nn::Block> bound_head(nn::Slot head) const {
    (void)head;
    return nullptr;
  }

  /// The prior of z; null if z has none, so that the model defines no density over data.
  virtual const Prior* prior() const = 0;

  /// The head → z, kl, log_ratio. `noise` is keyed by the batch's examples where it names none.
  virtual void sample(const nn::Run& run, const Batch& batch, const NoiseSource& noise) const = 0;
  /// The head → z, each the mean of its q(z|x). One sample an example.
  virtual void take_mean(const nn::Run& run, const Batch& batch) const = 0;
  /// What stands after the decoder's backward pass → the gradient in the head.
  virtual void backward(const nn::Run& run, const Batch& batch, const NoiseSource& noise,
                        const nn::Block& decoder, const Objective& objective,
                        const ObjectiveRates& rates) const = 0;
};

/// q(z|x) = N(μ, diag σ²) (Kingma & Welling 2014); its KL is analytic where the prior is N(0, I).
std::unique_ptr<Latent> make_gaussian_latent(const ModelConfig& config);
/// z = encoder(x): an autoencoder.
std::unique_ptr<Latent> make_point_latent(const ModelConfig& config);
/// config.kind by the table. Throws ConfigError if none is called that.
std::unique_ptr<Latent> make_latent(const ModelConfig& config);

}  // namespace elbo
