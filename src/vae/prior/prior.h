#pragma once
// p(z): what codes are drawn from, and what they cost.

#include <memory>
#include <span>

#include "elbo/dataset.h"
#include "ops/hamiltonian.h"
#include "vae/config.h"

namespace elbo {

class Prior {
 public:
  virtual ~Prior() = default;

  /// Whether it is N(0, I), whose KL and log-ratio ops::reparameterize has in its pass.
  virtual bool is_standard_normal() const { return false; }

  /// Codes [count, latent]: numbers `first`, first + 1, … of those that the seed gives.
  virtual Table codes(std::int64_t count, std::uint64_t seed, std::int64_t first) const = 0;
  /// A grid of side·side points of a latent plane, the top row first, each with the same share of the prior's
  /// probability. Throws ConfigError where codes are no plane.
  virtual Table grid(std::int64_t side) const = 0;

  /// KL(N(μ, σ²) ‖ p) of one dimension, nats.
  virtual double unit_kl(double mean, double log_variance) const = 0;

  // For chains of annealed importance sampling, on the device.

  /// z of standard normal numbers → z ~ p(z), in place.
  virtual void from_normal(Context& context, MatrixView<float> z) const = 0;
  /// ops::leapfrog and ops::hamiltonian, with −log p(z) and its gradient.
  virtual void leapfrog(Context& context, MatrixView<float> z, MatrixView<float> velocity,
                        MatrixView<const float> gradient, float temperature, float kick,
                        float drift) const = 0;
  virtual void hamiltonian(Context& context, VectorView<float> energy, MatrixView<const float> z,
                           MatrixView<const float> velocity, VectorView<const float> nll,
                           float temperature) const = 0;
};

/// N(0, I).
std::unique_ptr<Prior> make_standard_normal(const ModelConfig& config);
/// config.prior by the table. Throws ConfigError where none is called that.
std::unique_ptr<Prior> make_prior(const ModelConfig& config);

}  // namespace elbo
