#pragma once
// p(x|z) from the decoder's output.

#include <memory>
#include <optional>
#include <vector>

#include "data/check.h"
#include "elbo/dataset.h"
#include "nn/network.h"
#include "ops/likelihood.h"
#include "vae/batch.h"
#include "vae/config.h"
#include "vae/input/input.h"
#include "vae/likelihood/value_formulas.h"

namespace elbo {

class Likelihood {
 public:
  virtual ~Likelihood() = default;

  /// The events to which it gives probabilities.
  virtual Measure measure() const = 0;
  /// The values that data may have before preprocessing: one range for all dimensions, or one for each.
  virtual std::vector<data::ValueRange> ranges(const DataSettings& settings) const = 0;
  /// Whether the encoder's input lies in [0, 1].
  virtual bool has_unit_input() const = 0;
  /// Whether data.standardize scales value j.
  virtual bool standardizes(std::int64_t) const { return true; }
  /// The encoder's input for such values.
  virtual std::unique_ptr<Input> make_input(const ModelConfig& config) const {
    return make_value_input(config);
  }
  /// The error of a reconstruction whose value j differs by `difference`.
  virtual double error(std::int64_t, double difference) const { return difference * difference; }
  /// The decoder's output layers. Throws ConfigError if they do not suit the width of the data.
  virtual std::vector<nn::NamedRows> heads() const = 0;
  /// Declares nll, nll_parts and its own parameters, constants and slots, given the decoder's output.
  /// `parts`: number of partial sums that linear_likelihood gives for a row's nll on this device.
  virtual void declare(nn::Builder& builder, BatchSlots& slots, std::int64_t parts) = 0;

  /// Computes nll of the present values from the parameters, x and mask. With `gradient`, also computes
  /// weight · ∂nll/∂parameters as the parameters' gradient.
  virtual void score(const nn::Run& run, const Batch& batch, const ops::RowWeight& weight,
                     bool gradient) const = 0;
  /// Computes nll_parts and that gradient from z, with the decoder's last product in the same pass if
  /// possible.
  virtual void decode_and_score(const nn::Run& run, const Batch& batch, const nn::Network& decoder,
                                const ops::RowWeight& weight) const;
  /// mean [m, dims] = E[x | parameters [m, width of the decoder's output]], or its substitute; see
  /// ops::likelihood_mean.
  virtual void mean(const nn::Run& run, MatrixView<float> mean, MatrixView<const float> parameters) const = 0;

  /// Called after a batch's costs: collects the batch's sums for the likelihood's own parameters, "+=" with
  /// `accumulate`. weights [n·K]: the weight of each sample; empty: all equal.
  virtual void after_batch(const nn::Run&, const Batch&, VectorView<const float>, bool) const {}
  /// Called after a step's batches: updates its own parameters, unless the step is skipped
  /// (StepState::skipped).
  virtual void after_step(const nn::Run&, const nn::Tape&, const StepState*) const {}

  /// Its formulas on the host, with the present values of its own parameters. Waits for the device.
  virtual std::unique_ptr<ValueFormulas> on_host(const nn::Run& run) const = 0;
  /// σ² if the model has learned one for all values. Waits for the device.
  virtual std::optional<float> learned_variance(const nn::Run&) const { return std::nullopt; }

  /// The decoder's initial output bias: with it, at zero input, the likelihood's mean of each dimension
  /// equals the examples' mean. It may be shorter than the output; the rest stays. A mean in [0, 1] is kept
  /// within [0.001, 0.999] (as in the code of Burda et al. 2016). `mean` has the mean of each dimension after
  /// preprocessing. Throws ConfigError if there is no such bias.
  virtual std::vector<float> output_bias(const Examples& examples, const std::vector<float>& mean) const = 0;
};

/// A likelihood of ops/likelihood.h: one formula for all values. A kind that needs more overrides the
/// methods.
class FormulaLikelihood : public Likelihood {
 public:
  explicit FormulaLikelihood(const ModelConfig& config);

  Measure measure() const override { return likelihood_measure(kind_); }
  std::vector<data::ValueRange> ranges(const DataSettings& settings) const override;
  bool has_unit_input() const override;
  std::vector<nn::NamedRows> heads() const override;
  void declare(nn::Builder& builder, BatchSlots& slots, std::int64_t parts) override;
  void score(const nn::Run& run, const Batch& batch, const ops::RowWeight& weight,
             bool gradient) const override;
  void decode_and_score(const nn::Run& run, const Batch& batch, const nn::Network& decoder,
                        const ops::RowWeight& weight) const override;
  void mean(const nn::Run& run, MatrixView<float> mean, MatrixView<const float> parameters) const override;
  std::unique_ptr<ValueFormulas> on_host(const nn::Run& run) const override;
  std::vector<float> output_bias(const Examples& examples, const std::vector<float>& mean) const override;

 protected:
  LikelihoodKind kind() const { return kind_; }
  std::int64_t dims() const { return dims_; }
  const LikelihoodConstants& settings() const { return constants_; }
  /// P, the decoder's outputs per value.
  std::int64_t parameters_per_value() const { return likelihood_parameters(kind_, constants_); }
  /// The constants for ops.
  virtual LikelihoodConstants constants(const nn::Run&) const { return constants_; }
  /// The constants for use on the host.
  virtual LikelihoodConstants host_constants(const nn::Run&) const { return constants_; }

 private:
  std::int64_t dims_;
  LikelihoodKind kind_;
  LikelihoodConstants constants_;
};

/// The location, a first parameter, at which the formula's mean is `mean`, its other parameters being 0. A
/// mean in [0, 1] is kept within [0.001, 0.999], one of counts is at least 0.001. Throws ConfigError if there
/// is none.
float location_for_mean(LikelihoodKind kind, const LikelihoodConstants& constants, float mean);
/// How often each class 0 … classes − 1 is the value of dimension j, as logarithms of shares of its present
/// values; shares are at least 0.001.
std::vector<float> log_shares(const Examples& examples, std::int64_t j, std::int64_t classes);

std::unique_ptr<Likelihood> make_elementwise(const ModelConfig& config);
/// One σ² for all values, which training follows (ops/shared_variance.h).
std::unique_ptr<Likelihood> make_shared_variance(const ModelConfig& config);
std::unique_ptr<Likelihood> make_counts(const ModelConfig& config);
std::unique_ptr<Likelihood> make_categorical(const ModelConfig& config);
/// A likelihood for each column of a table.
std::unique_ptr<Likelihood> make_mixed(const ModelConfig& config);
/// The likelihood called config.likelihood in the table.
std::unique_ptr<Likelihood> make_likelihood(const ModelConfig& config);

}  // namespace elbo
