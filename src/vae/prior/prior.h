#pragma once
// p(z): what codes are drawn from, and what they cost.
//
// ops::reparameterize gives log q(z|x) − log N(z; 0, I). Another prior adds its excess to that, e(z) = log
// N(z; 0, I) − log p(z), and the KL is then by the sample: the mean of log q(z|x) − log p(z) over the samples
// of an example, which may be below 0.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "elbo/dataset.h"
#include "nn/network.h"
#include "ops/reparameterize.h"
#include "vae/batch.h"
#include "vae/config.h"

namespace elbo {

/// A prior on the host, with the parameters that the model had when it was made.
class HostPrior {
 public:
  virtual ~HostPrior() = default;

  /// Codes [count, latent]: numbers `first`, first + 1, … of those that the seed gives.
  virtual Table codes(std::int64_t count, std::uint64_t seed, std::int64_t first) const = 0;
  /// A grid of side·side points of a latent plane, the top row first: its coordinates are the quantiles (i +
  /// ½)/side of the prior's two marginal distributions. Throws ConfigError if codes are no plane.
  virtual Table grid(std::int64_t side) const = 0;
  /// log p(z), nats.
  virtual double log_density(std::span<const float> z) const = 0;
};

/// The tape of a pass that a prior makes beside the batch's: rows, and which slots of the model it has.
struct TapeBeside {
  std::int64_t rows = 0;
  std::size_t slots = 0;  ///< the first so many of the plan's
};

/// Values that a parameter begins a training with.
struct StartValues {
  nn::Parameter parameter;
  std::vector<float> values;  ///< row by row
};

/// Keeps nothing of a batch: what its passes leave is on the batch's tapes.
class Prior {
 public:
  virtual ~Prior() = default;

  /// Whether it is N(0, I), whose KL and log-ratio ops::reparameterize has in its pass, so that nothing of
  /// what follows up to use_gradients() is needed.
  virtual bool is_standard_normal() const { return false; }
  /// KL(N(μ, σ²) ‖ p) of one dimension, nats; nothing if the prior is no product of its dimensions.
  virtual std::optional<double> unit_kl(double mean, double log_variance) const {
    (void)mean, (void)log_variance;
    return std::nullopt;
  }
  bool has_unit_kl() const { return unit_kl(0.0, 0.0).has_value(); }

  /// Declares its parameters, and what it needs on the batch's tape, given the encoder's slots.
  virtual void declare(nn::Builder&, const BatchSlots&) {}
  /// The tape that its own pass needs.
  virtual std::optional<TapeBeside> tape_beside() const { return std::nullopt; }
  /// Whether a layer's gradients are not complete when it has them: the encoder is used a second time in a
  /// step.
  virtual bool needs_whole_gradient() const { return false; }
  /// What its parameters begin a training with that knows the mean of what the encoder reads of the data.
  virtual std::vector<StartValues> start_values(const nn::Run&, std::span<const float> input_mean) const {
    (void)input_mean;
    return {};
  }
  /// Whether it has start values.
  virtual bool starts_from_data() const { return false; }

  /// What all passes of a batch need of the parameters alone.
  virtual void prepare(const nn::Run&, const Batch&, const nn::Network& encoder) const { (void)encoder; }
  /// z and its log_ratio against N(0, I) → log_ratio against this, and kl.
  virtual void add_cost(const nn::Run&, const Batch&) const {}
  /// dz += the gradient of what add_cost() added, weighted as a KL whose mean is over `divisor` examples.
  /// Returns [n·K] what each log_ratio then weighs.
  virtual VectorView<const float> backward(const nn::Run&, const Batch&, const ops::KlWeight&,
                                           float divisor) const {
    (void)divisor;
    return {};
  }
  /// After backward() and the encoder's backward pass: gradients of its parameters, and what its own pass
  /// adds to the encoder's.
  virtual void use_gradients(const nn::Run&, const Batch&, const nn::Network& encoder,
                             const nn::GradientUse&) const {
    (void)encoder;
  }

  /// Its parameters, once prepared, on the host; waits for the device.
  virtual std::unique_ptr<HostPrior> on_host(const nn::Run& run, const Batch& batch) const = 0;

  // For chains of annealed importance sampling, a prepared batch's codes, on the device.

  /// z of the standard normal numbers at (seed, anneal_start, example) → z ~ p(z), in place.
  virtual void from_normal(const nn::Run&, const Batch&, std::uint64_t seed) const { (void)seed; }
  /// ops::leapfrog and ops::hamiltonian, with −log p(z) and its gradient.
  virtual void leapfrog(const nn::Run& run, const Batch& batch, MatrixView<float> velocity,
                        MatrixView<const float> gradient, float temperature, float kick,
                        float drift) const = 0;
  virtual void hamiltonian(const nn::Run& run, const Batch& batch, VectorView<float> energy,
                           MatrixView<const float> velocity, VectorView<const float> nll,
                           float temperature) const = 0;
};

/// N(0, I), and the same on the host.
std::unique_ptr<Prior> make_standard_normal(const ModelConfig& config);
std::unique_ptr<HostPrior> standard_normal_on_host(std::int64_t latent);
/// Σ_c w_c N(μ_c, diag σ_c²) with parameters of its own.
std::unique_ptr<Prior> make_mixture(const ModelConfig& config);
/// 1/C Σ_c q(z|u_c): the posteriors of pseudo-inputs u that are learned (Tomczak & Welling 2018, eq. 9).
std::unique_ptr<Prior> make_vamp(const ModelConfig& config);
/// config.prior by the table. Throws ConfigError if none is called that.
std::unique_ptr<Prior> make_prior(const ModelConfig& config);

}  // namespace elbo
