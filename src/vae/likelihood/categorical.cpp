#include "vae/likelihood/likelihood.h"

namespace elbo {
namespace {

class Categorical final : public FormulaLikelihood {
 public:
  explicit Categorical(const ModelConfig& config) : FormulaLikelihood(config) {}

  std::unique_ptr<Input> make_input(const ModelConfig& config) const override {
    return make_one_hot_input(config);
  }
  // Class numbers have no distance: a class is right or wrong.
  double error(std::int64_t, double difference) const override { return difference != 0.0 ? 1.0 : 0.0; }

  /// The logarithm of each class's share among a dimension's present values.
  std::vector<float> output_bias(const Examples& examples, const std::vector<float>&) const override {
    const std::int64_t classes = parameters_per_value();
    std::vector<float> bias(static_cast<std::size_t>(classes * dims()));
    for (std::int64_t j = 0; j < dims(); ++j) {
      const auto shares = log_shares(examples, j, classes);
      for (std::int64_t c = 0; c < classes; ++c)
        bias[static_cast<std::size_t>(c * dims() + j)] = shares[static_cast<std::size_t>(c)];
    }
    return bias;
  }
};

}  // namespace

std::unique_ptr<Likelihood> make_categorical(const ModelConfig& config) {
  return std::make_unique<Categorical>(config);
}

}  // namespace elbo
