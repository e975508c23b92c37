#pragma once
// p(z): draws codes, and gives their cost.
//
// ops::reparameterize gives log q(z|x) − log N(z; 0, I). Another prior adds its excess e(z) = log N(z; 0, I)
// − log p(z). The KL is then estimated from samples: the mean of log q(z|x) − log p(z) over an example's
// samples, which may be below 0.
//
// A conditional prior is a Gaussian of its own for each example, N(μ, diag τ²). Relative to it, in u = (z −
// μ)/τ, the prior is N(0, I), and costs are the same as in z: the latent computes them there, in the batch's
// slots relative_…, and takes z from u and the gradient back (ops/conditional_prior.h).

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

/// A prior on the host, with the model's parameters at the time of its making. A conditional prior is the one
/// of u.
class HostPrior {
 public:
  virtual ~HostPrior() = default;

  /// Codes [count, latent]: numbers `first`, first + 1, … of the seed's sequence.
  virtual Table codes(std::int64_t count, std::uint64_t seed, std::int64_t first) const = 0;
  /// A grid of side·side codes in a two-dimensional latent space, the top row first. Coordinates are the
  /// quantiles (i + ½)/side of the prior's two marginal distributions. Throws ConfigError if codes have other
  /// than two dimensions.
  virtual Table grid(std::int64_t side) const = 0;
  /// log p(z), nats.
  virtual double log_density(std::span<const float> z) const = 0;
};

/// The tape of a prior's own pass, beside the batch's: its rows, and which of the model's slots it has.
struct TapeBeside {
  std::int64_t rows = 0;
  std::size_t slots = 0;  ///< number of the plan's first slots
};

/// A parameter's values at the start of a training.
struct StartValues {
  nn::Parameter parameter;
  std::vector<float> values;  ///< row by row
};

/// A prior keeps no state of a batch; results of its passes are on the batch's tapes.
class Prior {
 public:
  virtual ~Prior() = default;

  /// Whether KL and log-ratio are those of N(0, I), in u for a conditional prior: ops::reparameterize
  /// computes them. The methods below up to use_gradients() are then for a conditional prior alone.
  virtual bool is_standard_normal() const { return false; }
  /// KL(N(μ, σ²) ‖ p) of one dimension, nats; nothing if the prior is not a product over dimensions.
  virtual std::optional<double> unit_kl(double mean, double log_variance) const {
    (void)mean, (void)log_variance;
    return std::nullopt;
  }
  bool has_unit_kl() const { return unit_kl(0.0, 0.0).has_value(); }

  /// Declares its parameters and its slots on the batch's tape, given the encoder's slots.
  virtual void declare(nn::Builder&, const BatchSlots&) {}
  /// The tape that its own pass needs.
  virtual std::optional<TapeBeside> tape_beside() const { return std::nullopt; }
  /// Whether a layer's gradient is incomplete after the batch's pass, because a step uses the encoder a
  /// second time.
  virtual bool needs_whole_gradient() const { return false; }
  // What a conditional prior does; nothing with others.

  /// Whether each example has its own prior, of the batch's condition.
  virtual bool is_conditional() const { return false; }
  /// Declares its network and the relative slots. It is called last, so that all other parameters are drawn
  /// as if it were not there.
  virtual void declare_network(nn::Builder&, BatchSlots&) {}
  /// The network from the condition to its moments; null without one.
  virtual const nn::Network* network() const { return nullptr; }
  /// Computes each example's moments from the condition.
  virtual void read_condition(const nn::Run&, const Batch&) const {}
  /// The same, and the posterior relative to them.
  virtual void relate(const nn::Run&, const Batch&) const {}
  /// Takes the gradient `dmean` in the relative mean to that in the mean, in place, and computes its part in
  /// the moments; the log-variances have the same gradient.
  virtual void relate_backward(const nn::Run&, const Batch&, MatrixView<float> dmean, const ops::KlWeight&,
                               float divisor) const {
    (void)dmean, (void)divisor;
  }
  /// Computes z from relative_z, and turns dz from the gradient in z into that in relative_z.
  virtual void place(const nn::Run&, const Batch&) const {}
  virtual void place_backward(const nn::Run&, const Batch&) const {}

  /// Initial values of its parameters that depend on the mean of the encoder's input over the data.
  virtual std::vector<StartValues> start_values(const nn::Run&, std::span<const float> input_mean) const {
    (void)input_mean;
    return {};
  }
  /// Whether it has start values.
  virtual bool starts_from_data() const { return false; }

  /// Computes what a batch's passes need from the parameters alone.
  virtual void prepare(const nn::Run&, const Batch&, const nn::Network& encoder) const { (void)encoder; }
  /// Changes z's log_ratio from that of N(0, I) to this prior's, and computes kl.
  virtual void add_cost(const nn::Run&, const Batch&) const {}
  /// dz += the gradient of add_cost()'s cost, weighted as a KL averaged over `divisor` examples. Returns the
  /// resulting weight of each log_ratio [n·K].
  virtual VectorView<const float> backward(const nn::Run&, const Batch&, const ops::KlWeight&,
                                           float divisor) const {
    (void)divisor;
    return {};
  }
  /// Called after backward() and the encoder's backward pass: computes its parameters' gradients, and adds
  /// its own pass's to the encoder's.
  virtual void use_gradients(const nn::Run&, const Batch&, const nn::Network& encoder,
                             const nn::GradientUse&) const {
    (void)encoder;
  }

  /// The prior on the host, with its parameters, which must be prepared; waits for the device.
  virtual std::unique_ptr<HostPrior> on_host(const nn::Run& run, const Batch& batch) const = 0;

  // For chains of annealed importance sampling: operations on a prepared batch's codes, on the device.

  /// Turns relative_z, standard normals at (seed, anneal_start, example), into draws from the prior, in
  /// place.
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
/// N(μ(y), diag τ(y)²) with a network of the condition y (Sohn et al. 2015, eq. 4). It begins as N(0, I).
std::unique_ptr<Prior> make_conditional(const ModelConfig& config);
/// Σ_c w_c N(μ_c, diag σ_c²) with learned parameters.
std::unique_ptr<Prior> make_mixture(const ModelConfig& config);
/// 1/C Σ_c q(z|u_c): the posteriors of learned pseudo-inputs u (Tomczak & Welling 2018, eq. 9).
std::unique_ptr<Prior> make_vamp(const ModelConfig& config);
/// The prior called config.prior in the table. Throws ConfigError if there is none.
std::unique_ptr<Prior> make_prior(const ModelConfig& config);

}  // namespace elbo
