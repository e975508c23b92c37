#pragma once
// p(x|z) from what the decoder gives.

#include <memory>
#include <optional>
#include <vector>

#include "elbo/dataset.h"
#include "nn/network.h"
#include "ops/likelihood.h"
#include "vae/batch.h"
#include "vae/config.h"
#include "vae/input/input.h"
#include "vae/likelihood/value_formulas.h"

namespace elbo {

/// The likelihoods of ops/likelihood.h; a kind that needs more overrides it.
class Likelihood {
 public:
  explicit Likelihood(const ModelConfig& config)
      : dims_(config.dims), kind_(config.likelihood), constants_(config.constants) {}
  virtual ~Likelihood() = default;

  /// What it gives the probability of.
  virtual Measure measure() const { return likelihood_measure(kind_); }
  /// P, the decoder's outputs per value.
  virtual std::int64_t parameters_per_value() const { return likelihood_parameters(kind_, constants_); }
  /// What the encoder reads of such values.
  virtual std::unique_ptr<Input> make_input(const ModelConfig& config) const {
    return make_value_input(config);
  }
  /// How wrong a reconstruction is that differs by `difference`.
  virtual double error(double difference) const { return difference * difference; }
  /// The decoder's output layers.
  virtual std::vector<nn::NamedRows> heads() const;
  /// Declares nll and nll_parts, and what it has of its own, given the decoder's output. `parts`: the sums
  /// that linear_likelihood gives a row's nll in, on this device.
  virtual void declare(nn::Builder& builder, BatchSlots& slots, std::int64_t parts);

  /// The parameters, x and mask → nll of the present values. With `gradient`, weight · ∂nll/∂parameters
  /// stands in the gradient of the parameters.
  virtual void score(const nn::Run& run, const Batch& batch, const ops::RowWeight& weight,
                     bool gradient) const;
  /// z → nll_parts and that gradient, with the decoder's last product in the same pass where it can be.
  virtual void decode_and_score(const nn::Run& run, const Batch& batch, const nn::Network& decoder,
                                const ops::RowWeight& weight) const;
  /// mean [m, dims] = E[x | parameters [m, P·dims]], or what stands for it; see ops::likelihood_mean.
  virtual void mean(const nn::Run& run, MatrixView<float> mean, MatrixView<const float> parameters) const;

  /// After a batch's costs: what the batch says of the likelihood's own parameters, "+=" with `accumulate`.
  /// weights [n·K]: how much each sample counts; empty: all alike.
  virtual void after_batch(const nn::Run&, const Batch&, VectorView<const float>, bool) const {}
  /// After a step's batches: moves its own parameters, unless the step is skipped (StepState::skipped).
  virtual void after_step(const nn::Run&, const nn::Tape&, const StepState*) const {}

  /// Its formulas on the host, with its own parameters as they are. Waits for the device.
  virtual std::unique_ptr<ValueFormulas> on_host(const nn::Run& run) const;
  /// σ² where the model learned one for all values. Waits for the device.
  virtual std::optional<float> learned_variance(const nn::Run&) const { return std::nullopt; }

  /// The decoder's output bias [P·dims] with which, at no input, the mean of each dimension is that of these
  /// examples as they are given, a mean in [0, 1] kept within [0.001, 0.999] (Burda et al. 2016, in their
  /// code). `mean`: of each dimension, after preprocessing. Throws ConfigError if there is no such bias.
  virtual std::vector<float> output_bias(const Examples& examples, const std::vector<float>& mean) const;

 protected:
  LikelihoodKind kind() const { return kind_; }
  std::int64_t dims() const { return dims_; }
  const LikelihoodConstants& settings() const { return constants_; }
  /// The constants as ops take them.
  virtual LikelihoodConstants constants(const nn::Run&) const { return constants_; }
  /// The same for use on the host.
  virtual LikelihoodConstants host_constants(const nn::Run&) const { return constants_; }

 private:
  std::int64_t dims_;
  LikelihoodKind kind_;
  LikelihoodConstants constants_;
};

std::unique_ptr<Likelihood> make_elementwise(const ModelConfig& config);
/// One σ² for all values, which training follows (ops/shared_variance.h).
std::unique_ptr<Likelihood> make_shared_variance(const ModelConfig& config);
std::unique_ptr<Likelihood> make_categorical(const ModelConfig& config);
/// config.likelihood by the table.
std::unique_ptr<Likelihood> make_likelihood(const ModelConfig& config);

}  // namespace elbo
