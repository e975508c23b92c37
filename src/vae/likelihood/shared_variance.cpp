#include <cmath>

#include "ops/shared_variance.h"
#include "vae/likelihood/likelihood.h"

namespace elbo {
namespace {

class SharedVariance final : public FormulaLikelihood {
 public:
  explicit SharedVariance(const ModelConfig& config) : FormulaLikelihood(config) {}

  void declare(nn::Builder& builder, BatchSlots& slots, std::int64_t parts) override {
    FormulaLikelihood::declare(builder, slots, parts);
    log_variance_ = builder.parameter({.parts = {{"decoder.log_variance", 1}},
                                       .value = std::log(settings().variance),
                                       .mover = nn::Mover::part});
    sums_ = builder.activation({.name = "variance.sums",
                                .rows = nn::Rows::one,
                                .cols = 2,
                                .uses = nn::kTraining,
                                .type = nn::Type::f64});
  }

  void after_batch(const nn::Run& run, const Batch& batch, VectorView<const float> weights,
                   bool accumulate) const override {
    ops::GaussianCosts costs{.nll = batch.nll(), .weights = weights, .mask = batch.mask()};
    costs.examples = batch.rows();
    costs.values = dims();
    ops::squared_error_sums(run.context, batch.tape().doubles(sums_).data, costs, place(run), accumulate);
  }
  void after_step(const nn::Run& run, const nn::Tape& tape, const StepState* state) const override {
    ops::move_shared_variance(run.context, place(run), tape.doubles(sums_).data, state);
  }
  std::optional<float> learned_variance(const nn::Run& run) const override {
    return host_constants(run).variance;
  }

 private:
  float* place(const nn::Run& run) const {
    return run.parameters.vector(log_variance_, run.parameters.values()).data;
  }
  LikelihoodConstants constants(const nn::Run& run) const override {
    LikelihoodConstants constants = settings();
    constants.log_variance = place(run);
    return constants;
  }
  LikelihoodConstants host_constants(const nn::Run& run) const override {
    float log_variance = 0.0f;
    run.context.copy_to_host(&log_variance, place(run), sizeof log_variance);
    run.context.synchronize();
    LikelihoodConstants constants = settings();
    constants.variance = std::exp(log_variance);
    return constants;
  }

  nn::Parameter log_variance_;  ///< [1] log σ²
  nn::Slot sums_;               ///< [2] sums of a step's squared errors and of their number
};

}  // namespace

std::unique_ptr<Likelihood> make_shared_variance(const ModelConfig& config) {
  return std::make_unique<SharedVariance>(config);
}

}  // namespace elbo
