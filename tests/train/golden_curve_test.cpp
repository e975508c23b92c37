// The loss curve of small trainings against an independent computation in float64.

#include <gtest/gtest.h>

#include <numbers>
#include <numeric>

#include "data/resident.h"
#include "math/philox.h"
#include "model/model_file.h"
#include "support/reference_vae.h"
#include "support/tolerance.h"
#include "support/recipe_variants.h"
#include "support/training.h"
#include "train/start.h"
#include "train/schedule.h"

namespace elbo::test {
namespace {

/// The training in float64: the objective implemented separately from its formulas, its gradient by finite
/// differences, and Adam and Adamax as documented by torch.optim. It shares with the library only the order
/// of the examples, the noise, the rates, and the initial parameters.
class ReferenceTraining {
  static constexpr const char* kLogVariance = "decoder.log_variance";

 public:
  ReferenceTraining(Model& model, const Dataset& data)
      : recipe_(model.recipe()),
        config_(state_of(model).vae->config()),
        data_(data),
        vae_(config_,
             to_named(state_of(model).vae->parameters().layout(),
                      to_host(*state_of(model).context, state_of(model).vae->parameters().values()))) {
    if (recipe_.data.standardize) measure_data();
    measure_conditions();
    for (const auto& [name, values] : vae_.tensors()) {
      average_[name] = values;
      first_moment_[name].assign(values.size(), 0.0);
      second_moment_[name].assign(values.size(), 0.0);
    }
  }

  /// The mean unweighted costs of an epoch, before each step: reconstruction and KL.
  std::pair<double, double> epoch(std::int64_t number) {
    const auto order = data::epoch_permutation(data_.train.count, recipe_.train.seed, number);
    double reconstruction = 0.0, kl = 0.0;
    const auto rows = static_cast<std::size_t>(step_rows());
    for (std::size_t first = 0; first < order.size(); first += rows) {
      const std::size_t end = std::min(order.size(), first + rows);
      step(std::span(order).subspan(first, end - first), reconstruction, kl);
    }
    const auto count = static_cast<double>(data_.train.count);
    return {reconstruction / count, kl / count};
  }

  /// Σ log σ of the standardisation.
  double log_volume() const {
    double total = 0.0;
    for (const double deviation : deviation_) total += std::log(deviation);
    return total;
  }
  std::int64_t skipped() const { return skipped_; }
  /// The resulting parameters of the model.
  const NamedTensors& parameters() { return recipe_.train.ema > 0.0 ? average_ : vae_.tensors(); }

 private:
  void measure_data() {
    for (std::int64_t j = 0; j < config_.dims; ++j) {
      double mean = 0.0, square = 0.0;
      for (std::int64_t i = 0; i < data_.train.count; ++i) mean += data_.train.value(i, j);
      mean /= static_cast<double>(data_.train.count);
      for (std::int64_t i = 0; i < data_.train.count; ++i)
        square += std::pow(data_.train.value(i, j) - mean, 2);
      mean_.push_back(mean);
      deviation_.push_back(std::sqrt(square / static_cast<double>(data_.train.count)));
    }
  }

  /// What the networks read of each example: the label and the levels one-hot, the number standardised.
  void measure_conditions() {
    if (config_.condition_levels.empty()) return;
    const Examples& train = data_.train;
    const auto count = static_cast<double>(train.count);
    double mean = 0.0, square = 0.0;
    for (std::int64_t i = 0; i < train.count; ++i) mean += train.conditions.row(i)[1] / count;
    for (std::int64_t i = 0; i < train.count; ++i)
      square += std::pow(train.conditions.row(i)[1] - mean, 2) / count;
    std::vector<std::vector<double>> rows;
    for (std::int64_t i = 0; i < train.count; ++i) {
      std::vector<double>& row = rows.emplace_back(8, 0.0);
      row[static_cast<std::size_t>(train.conditions.row(i)[0])] = 1.0;
      row[3] = (train.conditions.row(i)[1] - mean) / std::sqrt(square);
      row[static_cast<std::size_t>(4 + train.labels[static_cast<std::size_t>(i)])] = 1.0;
    }
    vae_.set_conditions(std::move(rows));
  }

  std::int64_t step_rows() const { return recipe_.train.batch * recipe_.train.accumulation_steps; }

  double value(std::int64_t example, std::int64_t j) const {
    double x =
        data_.train.bytes.empty()
            ? static_cast<double>(data_.train.floats[static_cast<std::size_t>(example * config_.dims + j)])
            : data_.train.bytes[static_cast<std::size_t>(example * config_.dims + j)] / 255.0;
    if (recipe_.data.binarize == Binarize::threshold) x = x > 0.5 ? 1.0 : 0.0;
    const auto column = static_cast<std::size_t>(j);
    return mean_.empty() ? x : (x - mean_[column]) / deviation_[column];
  }

  std::int64_t steps_per_epoch() const { return (data_.train.count + step_rows() - 1) / step_rows(); }

  double noise(std::int64_t example, std::int64_t dimension) const {
    const auto words =
        math::noise_words(recipe_.train.seed, math::noise_subsequence(NoisePurpose::reparameterize, example),
                          math::noise_block(static_cast<std::uint64_t>(steps_), dimension));
    float normals[4];
    math::normals(words, normals);
    return normals[dimension % 4];
  }

  void step(std::span<const std::int64_t> examples, double& reconstruction, double& kl) {
    ++steps_;
    const std::int64_t samples = recipe_.objective.samples;
    const auto drawn = static_cast<std::size_t>(samples * config_.latent);
    std::vector<double> x, mask, epsilon;
    std::vector<std::int32_t> labels;
    for (const std::int64_t example : examples) {
      labels.push_back(!config_.condition_levels.empty() ? static_cast<std::int32_t>(example)
                       : config_.condition_classes > 0 ? data_.train.labels[static_cast<std::size_t>(example)]
                                                       : 0);
      for (std::int64_t j = 0; j < config_.dims; ++j) {
        const double of_data = value(example, j);
        mask.push_back(std::isnan(of_data) ? 0.0 : 1.0);
        x.push_back(std::isnan(of_data) ? 0.0 : of_data);
      }
      for (std::int64_t d = 0; d < samples * config_.latent; ++d) epsilon.push_back(noise(example, d));
    }
    const double beta = kl_weight(recipe_, steps_per_epoch(), steps_);
    if (config_.missing) vae_.set_mask(mask);
    vae_.set_labels(labels);
    double squares = 0.0, counted = 0.0;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      const std::size_t at = i * static_cast<std::size_t>(config_.dims);
      const auto costs = vae_.costs(x.data() + at, epsilon.data() + i * drawn, samples,
                                    config_.missing ? mask.data() + at : nullptr, nullptr, labels[i]);
      const double present = std::accumulate(mask.data() + at, mask.data() + at + config_.dims, 0.0);
      for (const double nll : costs.nll) reconstruction += nll / static_cast<double>(costs.nll.size());
      kl += costs.kl;
      const auto weights = sample_weights(costs, beta);
      for (std::size_t k = 0; k < weights.size(); ++k)
        squares += weights[k] * squared_error(costs.nll[k], present);
      counted += present;
    }
    const auto minimised = [&] {
      return recipe_.objective.kind == "iwae" ? vae_.negative_bound(x, epsilon, samples, beta)
                                              : vae_.objective(x, epsilon, samples, beta);
    };
    NamedTensors gradient;
    for (auto& [name, values] : vae_.tensors()) {
      if (name == kLogVariance) continue;  // it follows the squared errors
      for (double& parameter : values) gradient[name].push_back(finite_difference(parameter, minimised));
    }
    if (is_skipped(gradient)) {
      ++skipped_;
      return;
    }
    normalize(gradient);
    clip(gradient);
    const double decay = std::min(recipe_.train.ema, (1.0 + steps_) / (10.0 + steps_));
    for (auto& [name, values] : vae_.tensors()) {
      if (name == kLogVariance) {
        move_variance(values[0], squares / counted);
      } else {
        adam(values, gradient[name], first_moment_[name], second_moment_[name]);
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        average_[name][i] = decay * average_[name][i] + (1.0 - decay) * values[i];
      }
    }
  }

  /// The weights of an example's samples, which add up to 1; for the importance-weighted bound, those of its
  /// gradient.
  std::vector<double> sample_weights(const ReferenceVae::Costs& costs, double beta) const {
    std::vector<double> weights;
    const bool alike = recipe_.objective.kind != "iwae";
    for (std::size_t k = 0; k < costs.nll.size(); ++k) {
      const double below = costs.nll[k] - costs.nll[0] + beta * (costs.log_ratio[k] - costs.log_ratio[0]);
      weights.push_back(alike ? 1.0 : std::exp(-below));
    }
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (double& weight : weights) weight /= total;
    return weights;
  }

  /// Σ_j (x_j − μ_j)² of `values` values with the cost −log N(x; μ, σ²), if the model has one σ².
  double squared_error(double nll, double values) const {
    const auto own = vae_.tensors().find(kLogVariance);
    if (own == vae_.tensors().end()) return 0.0;
    const double variance = std::exp(own->second[0]);
    return 2.0 * variance * (nll - 0.5 * values * std::log(2.0 * std::numbers::pi * variance));
  }

  void move_variance(double& log_variance, double mean_square) const {
    const double share = std::max(9.0 / (10.0 + static_cast<double>(steps_)), 0.01);
    log_variance = std::log((1.0 - share) * std::exp(log_variance) + share * mean_square);
  }

  static double norm_of(const NamedTensors& gradient) {
    double square = 0.0;
    for (const auto& [name, values] : gradient) {
      for (const double g : values) square += g * g;
    }
    return std::sqrt(square);
  }

  bool is_skipped(const NamedTensors& gradient) const {
    return recipe_.train.skip_norm > 0.0 && norm_of(gradient) > recipe_.train.skip_norm;
  }

  void normalize(NamedTensors& gradient) const {
    if (!recipe_.train.normalize_gradient) return;
    for (auto& [name, values] : gradient) {
      const double square = std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
      for (double& g : values) g /= std::sqrt(square) + 1e-7;
    }
  }

  void clip(NamedTensors& gradient) const {
    if (recipe_.train.clip_norm <= 0.0) return;
    const double factor = std::min(1.0, recipe_.train.clip_norm / (norm_of(gradient) + 1e-6));
    for (auto& [name, values] : gradient) {
      for (double& g : values) g *= factor;
    }
  }

  void adam(std::vector<double>& values, const std::vector<double>& gradient, std::vector<double>& m,
            std::vector<double>& v) const {
    const TrainSettings& s = recipe_.train;
    const double rate = learning_rate(s, steps_per_epoch(), steps_);
    const auto t = static_cast<double>(steps_ - skipped_);
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] -= rate * s.weight_decay * values[i];
      m[i] = s.beta1 * m[i] + (1 - s.beta1) * gradient[i];
      if (s.optimizer == "adamax") {
        v[i] = std::max(s.beta2 * v[i], std::abs(gradient[i]) + s.epsilon);
        values[i] -= rate / (1 - std::pow(s.beta1, t)) * m[i] / v[i];
        continue;
      }
      v[i] = s.beta2 * v[i] + (1 - s.beta2) * gradient[i] * gradient[i];
      const double m_hat = m[i] / (1 - std::pow(s.beta1, t)), v_hat = v[i] / (1 - std::pow(s.beta2, t));
      values[i] -= rate * m_hat / (std::sqrt(v_hat) + s.epsilon);
    }
  }

  Recipe recipe_;
  ModelConfig config_;
  const Dataset& data_;
  ReferenceVae vae_;
  NamedTensors first_moment_, second_moment_, average_;
  std::vector<double> mean_, deviation_;
  std::int64_t steps_ = 0, skipped_ = 0;
};

class GoldenCurve : public testing::TestWithParam<RecipeVariant> {};

// Five epochs of two full batches and a ragged one.
TEST_P(GoldenCurve, FollowsFloat64) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.model.encoder = {5};
  recipe.model.decoder = {4, 5};
  recipe.model.latent = 2;
  recipe.model.activation = "tanh";  // smooth, so that finite differences hold
  recipe.train.epochs = 5;
  recipe.train.epsilon = 1e-4;  // a gradient near 0 must not become a step of the full rate
  GetParam().change(recipe);
  if (recipe.model.activation == "relu") recipe.model.activation = "tanh";
  const Dataset data = GetParam().data(19, 0, 6);
  Model model = make_model(recipe, data);
  state_of(model).vae->parameters().prepare_training();
  TrainingStart start = read_start(model, data, {}, nullptr);  // initial values that depend on the data
  install_start(state_of(model), start);
  ReferenceTraining reference(model, data);
  const TrainReport report = train(model, data);

  ASSERT_EQ(report.epochs.size(), 5u);
  EXPECT_EQ(report.steps, 15);
  for (const EpochMetrics& epoch : report.epochs) {
    const auto [reconstruction, kl] = reference.epoch(epoch.epoch);
    EXPECT_NEAR(epoch.train.reconstruction - reference.log_volume(), reconstruction,
                1e-5 * std::abs(reconstruction))
        << "epoch " << epoch.epoch;
    // A KL estimated from samples is a sum of terms larger than itself.
    const double rounding =
        state_of(model).vae->prior() && !state_of(model).vae->prior()->has_unit_kl() ? 5e-6 : 1e-6;
    EXPECT_NEAR(epoch.train.kl, kl, 1e-5 * std::abs(kl) + rounding) << "epoch " << epoch.epoch;
    EXPECT_EQ(epoch.train.elbo, -(epoch.train.reconstruction + epoch.train.kl));
  }
  EXPECT_EQ(report.skipped_steps, reference.skipped());
  EXPECT_EQ(report.skipped_steps > 0, recipe.train.skip_norm > 0.0);
  const auto& layout = state_of(model).vae->parameters().layout();
  const auto trained =
      to_named(layout, to_host(*state_of(model).context, state_of(model).vae->parameters().values()));
  for (const auto& [name, expected] : reference.parameters()) {
    EXPECT_TRUE(near_all<double>(trained.at(name), expected, {2e-5, 1e-4})) << name;
  }
}

std::vector<RecipeVariant> variants_with_reference() {
  auto variants = recipe_variants();
  // The reference does not draw pixels or round operands, has the plain bounds only, and takes one row at a
  // time. objective_gradient_test.cpp, norm_layers_test.cpp and m2_test.cpp check the gradients of the other
  // variants.
  std::erase_if(variants, [](const RecipeVariant& variant) {
    for (const char* other : {"resampled", "tf32", "bf16", "free_bits", "capacity", "sparse_code",
                              "noisy_input", "masked_input", "norms", "norms_iwae", "m2", "m2_accumulated"}) {
      if (variant.name == other) return true;
    }
    return false;
  });
  return variants;
}

INSTANTIATE_TEST_SUITE_P(Recipes, GoldenCurve, testing::ValuesIn(variants_with_reference()), VariantName());

}  // namespace
}  // namespace elbo::test
