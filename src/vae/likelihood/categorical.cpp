#include <algorithm>
#include <cmath>

#include "data/resident.h"
#include "vae/likelihood/likelihood.h"

namespace elbo {
namespace {

class Categorical final : public Likelihood {
 public:
  explicit Categorical(const ModelConfig& config) : Likelihood(config) {}

  std::unique_ptr<Input> make_input(const ModelConfig& config) const override {
    return make_one_hot_input(config);
  }
  // Class numbers have no distance: a class is right or wrong.
  double error(double difference) const override { return difference != 0.0 ? 1.0 : 0.0; }

  /// The logarithm of each class's share among a dimension's present values; shares are at least 0.001.
  std::vector<float> output_bias(const Examples& examples, const std::vector<float>&) const override {
    constexpr double kMin = 0.001;
    std::vector<double> count(static_cast<std::size_t>(parameters_per_value() * dims()));
    for (std::int64_t i = 0; i < examples.count; ++i) {
      for (std::int64_t j = 0; j < dims(); ++j) {
        const float value = examples.value(i, j);
        if (!std::isnan(value)) count[static_cast<std::size_t>(std::lround(value) * dims() + j)] += 1.0;
      }
    }
    const auto present = data::presence(examples);
    std::vector<float> bias;
    for (std::size_t at = 0; at < count.size(); ++at) {
      const double of_all = present[at % present.size()] * static_cast<double>(examples.count);
      bias.push_back(static_cast<float>(std::log(std::max(count[at] / std::max(of_all, 1.0), kMin))));
    }
    return bias;
  }
};

}  // namespace

std::unique_ptr<Likelihood> make_categorical(const ModelConfig& config) {
  return std::make_unique<Categorical>(config);
}

}  // namespace elbo
