// The VampPrior. Its components are the posteriors of pseudo-inputs. The encoder makes a second pass on a
// separate tape, and gradients flow back through it to the encoder and the pseudo-inputs.

#include <limits>

#include "ops/clamp.h"
#include "vae/likelihood/likelihood.h"
#include "vae/prior/gaussian_mixture.h"

namespace elbo {
namespace {

/// The interval to which pseudo-inputs are clamped for the encoder: [0, 1] if the data is there.
struct Interval {
  float low, high, middle;
};

Interval interval_of(const ModelConfig& config) {
  if (make_likelihood(config)->has_unit_input()) return {0.0f, 1.0f, 0.5f};
  constexpr float kFar = std::numeric_limits<float>::infinity();
  return {-kFar, kFar, 0.0f};
}

class Vamp final : public GaussianMixture {
 public:
  explicit Vamp(const ModelConfig& config)
      : GaussianMixture(config),
        interval_(interval_of(config)),
        deviation_(static_cast<float>(config.pseudo_inputs_sd)) {}

  void declare(nn::Builder& builder, const BatchSlots& slots) override {
    input_ = slots.input;
    mean_ = slots.mean;
    log_variance_ = slots.log_variance;
    builder.needs_gradient(input_, nn::kInputGradient);
    beside_ = {.rows = components(), .slots = builder.slots().size()};
    nn::ParameterInfo info{.parts = {{"prior.pseudo_inputs", components()}},
                           .cols = builder.info(input_).cols};
    info.value = interval_.middle;
    info.deviation = deviation_;
    pseudo_inputs_ = builder.parameter(std::move(info));
    declare_passes(builder);
  }
  std::optional<TapeBeside> tape_beside() const override { return beside_; }
  bool needs_whole_gradient() const override { return true; }

  bool starts_from_data() const override { return true; }
  std::vector<StartValues> start_values(const nn::Run& run,
                                        std::span<const float> input_mean) const override {
    const MatrixView<float> drawn = run.parameters.matrix(pseudo_inputs_, run.parameters.values());
    StartValues start{pseudo_inputs_, std::vector<float>(static_cast<std::size_t>(drawn.rows * drawn.cols))};
    run.context.copy_to_host(start.values.data(), drawn.data, sizeof(float) * start.values.size());
    run.context.synchronize();
    for (std::size_t i = 0; i < start.values.size(); ++i) {
      start.values[i] += input_mean[i % input_mean.size()] - interval_.middle;
    }
    return {start};
  }

  void prepare(const nn::Run& run, const Batch& batch, const nn::Network& encoder) const override {
    const nn::Tape& beside = batch.beside();
    ops::clamp(run.context, beside[input_], run.parameters.matrix(pseudo_inputs_, run.parameters.values()),
               interval_.low, interval_.high);
    encoder.forward(run, beside);
    prepare_components(run, batch, beside[log_variance_], {});
  }

  void use_gradients(const nn::Run& run, const Batch& batch, const nn::Network& encoder,
                     const nn::GradientUse& use) const override {
    const nn::Tape& beside = batch.beside();
    backward_components(run, batch, {beside.gradient(mean_), beside.gradient(log_variance_), {}}, false);
    nn::GradientUse added = use;  // adds to the encoder's gradients from the batch's own pass
    added.accumulate = true;
    encoder.backward(run, beside, added);
    encoder.first().backward_input(run, beside);
    encoder.use_first_gradients(run, beside, added, false);
    ops::clamp_backward(run.context, run.parameters.matrix(pseudo_inputs_, run.parameters.gradient()),
                        beside.gradient(input_), beside[input_], interval_.low, interval_.high,
                        use.accumulate);
  }

 private:
  Components components_of(const nn::Run&, const Batch& batch) const override {
    return {batch.beside()[mean_], batch.beside()[log_variance_]};
  }

  Interval interval_;
  float deviation_;
  nn::Slot input_, mean_, log_variance_;
  TapeBeside beside_;
  nn::Parameter pseudo_inputs_;  ///< [C, width of the input]
};

}  // namespace

std::unique_ptr<Prior> make_vamp(const ModelConfig& config) {
  return std::make_unique<Vamp>(config);
}

}  // namespace elbo
