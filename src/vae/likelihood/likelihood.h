#pragma once
// p(x|z) from the decoder's output.

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

/// A likelihood of ops/likelihood.h. A kind that needs more overrides the methods.
class Likelihood {
 public:
  explicit Likelihood(const ModelConfig& config)
      : dims_(config.dims), kind_(config.likelihood), constants_(config.constants) {}
  virtual ~Likelihood() = default;

  /// The events to which it gives probabilities.
  virtual Measure measure() const { return likelihood_measure(kind_); }
  /// P, the decoder's outputs per value.
  virtual std::int64_t parameters_per_value() const { return likelihood_parameters(kind_, constants_); }
  /// The encoder's input for such values.
  virtual std::unique_ptr<Input> make_input(const ModelConfig& config) const {
    return make_value_input(config);
  }
  /// The error of a reconstruction that differs by `difference`.
  virtual double error(double difference) const { return difference * difference; }
  /// The decoder's output layers.
  virtual std::vector<nn::NamedRows> heads() const;
  /// Declares nll, nll_parts and its own parameters and slots, given the decoder's output. `parts`: number of
  /// partial sums that linear_likelihood gives for a row's nll on this device.
  virtual void declare(nn::Builder& builder, BatchSlots& slots, std::int64_t parts);

  /// Computes nll of the present values from the parameters, x and mask. With `gradient`, also computes
  /// weight · ∂nll/∂parameters as the parameters' gradient.
  virtual void score(const nn::Run& run, const Batch& batch, const ops::RowWeight& weight,
                     bool gradient) const;
  /// Computes nll_parts and that gradient from z, with the decoder's last product in the same pass if
  /// possible.
  virtual void decode_and_score(const nn::Run& run, const Batch& batch, const nn::Network& decoder,
                                const ops::RowWeight& weight) const;
  /// mean [m, dims] = E[x | parameters [m, P·dims]], or its substitute; see ops::likelihood_mean.
  virtual void mean(const nn::Run& run, MatrixView<float> mean, MatrixView<const float> parameters) const;

  /// Called after a batch's costs: collects the batch's sums for the likelihood's own parameters, "+=" with
  /// `accumulate`. weights [n·K]: the weight of each sample; empty: all equal.
  virtual void after_batch(const nn::Run&, const Batch&, VectorView<const float>, bool) const {}
  /// Called after a step's batches: updates its own parameters, unless the step is skipped
  /// (StepState::skipped).
  virtual void after_step(const nn::Run&, const nn::Tape&, const StepState*) const {}

  /// Its formulas on the host, with the present values of its own parameters. Waits for the device.
  virtual std::unique_ptr<ValueFormulas> on_host(const nn::Run& run) const;
  /// σ² if the model has learned one for all values. Waits for the device.
  virtual std::optional<float> learned_variance(const nn::Run&) const { return std::nullopt; }

  /// The decoder's output bias [P·dims] for which, at zero input, the likelihood's mean of each dimension
  /// equals the examples' mean. A mean in [0, 1] is kept within [0.001, 0.999] (as in the code of Burda et
  /// al. 2016). `mean` has the mean of each dimension after preprocessing. Throws ConfigError if there is no
  /// such bias.
  virtual std::vector<float> output_bias(const Examples& examples, const std::vector<float>& mean) const;

 protected:
  LikelihoodKind kind() const { return kind_; }
  std::int64_t dims() const { return dims_; }
  const LikelihoodConstants& settings() const { return constants_; }
  /// The constants for ops.
  virtual LikelihoodConstants constants(const nn::Run&) const { return constants_; }
  /// The constants for use on the host.
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
/// The likelihood called config.likelihood in the table.
std::unique_ptr<Likelihood> make_likelihood(const ModelConfig& config);

}  // namespace elbo
