// elbo::Model and its parameter arena.

#include "elbo/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "elbo/error.h"
#include "nn/parameters.h"
#include "model/state.h"
#include "support/device.h"

namespace elbo {
namespace {

Recipe small_recipe() {
  Recipe recipe;
  recipe.model.encoder = {9, 8};
  recipe.model.decoder = {7};
  recipe.model.latent = 3;
  return recipe;
}

/// A table [rows, cols] of numbers in [0, 1].
Table table(std::int64_t rows, std::int64_t cols) {
  Table t{rows, cols, std::vector<float>(static_cast<std::size_t>(rows * cols))};
  for (std::size_t i = 0; i < t.values.size(); ++i) t.values[i] = static_cast<float>(i * 29 % 97) / 96.0f;
  return t;
}

Examples examples(const Table& t) {
  Examples e;
  e.count = t.rows;
  e.dims = t.cols;
  e.floats = t.values;
  return e;
}

TEST(ParameterLayout, NamesShapesAndOrderAreThoseOnDisk) {
  ModelSettings settings = small_recipe().model;
  settings.likelihood = "gaussian-learned";
  const nn::ParameterLayout layout = VaeParts(resolve(settings, 5)).layout;
  const std::vector<std::pair<std::string, std::vector<std::int64_t>>> expected = {
      {"encoder.hidden.0.weight", {9, 5}}, {"encoder.hidden.0.bias", {9}},
      {"encoder.hidden.1.weight", {8, 9}}, {"encoder.hidden.1.bias", {8}},
      {"encoder.mean.weight", {3, 8}},     {"encoder.log_variance.weight", {3, 8}},
      {"encoder.mean.bias", {3}},          {"encoder.log_variance.bias", {3}},
      {"decoder.hidden.0.weight", {7, 3}}, {"decoder.hidden.0.bias", {7}},
      {"decoder.output.weight", {5, 7}},   {"decoder.log_variance.weight", {5, 7}},
      {"decoder.output.bias", {5}},        {"decoder.log_variance.bias", {5}}};
  ASSERT_EQ(layout.tensors.size(), expected.size());
  std::int64_t count = 0, end = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(layout.tensors[i].name, expected[i].first);
    EXPECT_EQ(layout.tensors[i].shape, expected[i].second);
    EXPECT_GE(layout.tensors[i].offset, end) << "tensors must not overlap";
    end = layout.tensors[i].offset + layout.tensors[i].size();
    count += layout.tensors[i].size();
  }
  EXPECT_EQ(layout.count, count);
  EXPECT_LE(end, layout.size);
  for (const nn::ParameterPlace& place : layout.places) EXPECT_EQ(place.offset % 64, 0);
  // In the joined head, log-variance rows follow the mean's directly.
  EXPECT_EQ(layout.tensors[5].offset, layout.tensors[4].offset + 3 * 8);
  EXPECT_EQ(layout.places[4].rows, 6);
}

TEST(ParameterLayout, CountsTheReferenceNetwork) {
  ModelSettings settings;
  settings.encoder = settings.decoder = {400, 400};
  settings.latent = 20;
  EXPECT_EQ(VaeParts(resolve(settings, 784)).layout.count, 973624);
}

/// A tensor's initial values on the device.
std::vector<float> initial(Initialization initialization, const std::string& tensor, std::uint64_t seed) {
  ModelSettings settings;
  settings.encoder = {300};
  settings.initialization = initialization;
  Context context(test::device());
  const ModelConfig config = resolve(settings, 100);
  nn::Parameters parameters(context, VaeParts(config).layout, config.initialization, seed);
  Buffer<float> copy(context, parameters.layout().size);
  context.copy_on_device(copy.data(), parameters.values().data, sizeof(float) * copy.size());
  const auto host = copy.to_host();
  for (const nn::TensorInfo& t : parameters.layout().tensors) {
    if (t.name == tensor) return {host.begin() + t.offset, host.begin() + t.offset + t.size()};
  }
  return {};
}

double mean(const std::vector<float>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / v.size();
}
double deviation(const std::vector<float>& v) {
  const double center = mean(v);
  double total = 0;
  for (const float x : v) total += (x - center) * (x - center);
  return std::sqrt(total / v.size());
}

TEST(Initialization, PytorchIsUniformWithinOneOverRootFanIn) {
  ELBO_REQUIRE_DEVICE();
  for (const char* tensor : {"encoder.hidden.0.weight", "encoder.hidden.0.bias"}) {
    const auto w = initial(Initialization::pytorch, tensor, 1);
    const auto [low, high] = std::minmax_element(w.begin(), w.end());
    EXPECT_GE(*low, -0.1f);
    EXPECT_LE(*high, 0.1f);
    EXPECT_LT(*low, -0.095f);
    EXPECT_GT(*high, 0.095f);
    EXPECT_NEAR(mean(w), 0.0, w.size() > 1000 ? 0.002 : 0.012);
    EXPECT_NEAR(deviation(w), 0.1 / std::sqrt(3.0), 0.005);
  }
}

TEST(Initialization, HeIsNormalWithVarianceTwoOverFanIn) {
  ELBO_REQUIRE_DEVICE();
  const auto w = initial(Initialization::he, "encoder.hidden.0.weight", 1);
  EXPECT_NEAR(mean(w), 0.0, 0.004);
  EXPECT_NEAR(deviation(w), std::sqrt(2.0 / 100), 0.004);
  for (const float b : initial(Initialization::he, "encoder.hidden.0.bias", 1)) EXPECT_EQ(b, 0.0f);
}

TEST(Initialization, GlorotIsUniformByBothFans) {
  ELBO_REQUIRE_DEVICE();
  const auto w = initial(Initialization::glorot, "encoder.hidden.0.weight", 1);  // [300, 100]
  const double bound = std::sqrt(6.0 / 400.0);
  EXPECT_LT(*std::max_element(w.begin(), w.end()), bound);
  EXPECT_GT(*std::max_element(w.begin(), w.end()), 0.999 * bound);
  EXPECT_GT(*std::min_element(w.begin(), w.end()), -bound);
  EXPECT_NEAR(mean(w), 0.0, 4.0 * bound / std::sqrt(3.0 * w.size()));
  EXPECT_NEAR(deviation(w), bound / std::sqrt(3.0), 0.01 * bound);
  for (const float b : initial(Initialization::glorot, "encoder.hidden.0.bias", 1)) EXPECT_EQ(b, 0.0f);
}

TEST(Initialization, SeedsAndTensorsDiffer) {
  ELBO_REQUIRE_DEVICE();
  const auto w = initial(Initialization::pytorch, "encoder.hidden.0.weight", 1);
  EXPECT_EQ(w, initial(Initialization::pytorch, "encoder.hidden.0.weight", 1));
  EXPECT_NE(w, initial(Initialization::pytorch, "encoder.hidden.0.weight", 2));
  const auto other = initial(Initialization::pytorch, "encoder.mean.weight", 1);
  EXPECT_NE(std::vector<float>(w.begin(), w.begin() + 100),
            std::vector<float>(other.begin(), other.begin() + 100));
}

TEST(Model, EncodesDecodesReconstructsAndSamplesInItsShapes) {
  ELBO_REQUIRE_DEVICE();
  Model model(small_recipe(), 6, test::device());
  const Table x = table(600, 6);  // more rows than an evaluation's batch
  const Posterior posterior = model.encode(x);
  EXPECT_EQ(posterior.mean.rows, 600);
  EXPECT_EQ(posterior.mean.cols, 3);
  EXPECT_EQ(posterior.log_variance.cols, 3);
  const Table back = model.reconstruct(x);
  EXPECT_EQ(back.values, model.decode(posterior.mean).values);
  EXPECT_EQ(back.cols, 6);
  for (const float p : back.values) EXPECT_TRUE(p > 0.0f && p < 1.0f) << p;

  // A row does not depend on its batch.
  const Table last{1, 6, {x.values.end() - 6, x.values.end()}};
  const Posterior alone = model.encode(last);
  for (int d = 0; d < 3; ++d) EXPECT_NEAR(alone.mean.values[d], posterior.mean.row(599)[d], 1e-6);

  EXPECT_EQ(model.sample(5, 1).values, model.sample(5, 1).values);
  EXPECT_NE(model.sample(5, 1).values, model.sample(5, 2).values);
  const Table five = model.sample(5, 1), nine = model.sample(9, 1);
  for (std::size_t i = 0; i < five.values.size(); ++i) EXPECT_NEAR(five.values[i], nine.values[i], 1e-6);
  EXPECT_EQ(model.sample(0, 1).rows, 0);
  EXPECT_EQ(model.encode(Table{0, 6, {}}).mean.rows, 0);
}

TEST(Model, BitsPerDimensionAreOfGreyLevelsAlone) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  const Table data = table(10, 6);
  const auto evaluate = [&](const std::string& likelihood) {
    recipe.model.likelihood = likelihood;
    Model model(recipe, 6, test::device());
    return model.evaluate(Dataset::from_floats(data.values, 6).train, recipe.model.kind == "vae" ? 3 : 0);
  };
  const Evaluation levels = evaluate("discretized-logistic");
  ASSERT_TRUE(levels.bits_per_dimension);
  EXPECT_NEAR(*levels.bits_per_dimension, -levels.terms.elbo / (6 * 0.693147180559945), 1e-9);
  EXPECT_GT(*levels.bits_per_dimension, 0.0);
  ASSERT_TRUE(levels.nll_bits_per_dimension);
  EXPECT_NEAR(*levels.nll_bits_per_dimension, levels.nll->mean / (6 * 0.693147180559945), 1e-9);
  EXPECT_LT(*levels.nll_bits_per_dimension, *levels.bits_per_dimension + 0.1);
  EXPECT_FALSE(evaluate("continuous-bernoulli").bits_per_dimension);
  recipe.model.kind = "autoencoder";
  EXPECT_FALSE(evaluate("discretized-logistic").bits_per_dimension);
}

/// Two models with the same weights, one for plain data and one for standardised data.
std::pair<Model, Model> plain_and_standardized() {
  Recipe recipe = small_recipe();
  recipe.model.likelihood = "gaussian";
  Model plain(recipe, 2, test::device());
  recipe.data.standardize = true;
  return {std::move(plain), Model(recipe, 2, test::device())};
}

TEST(Model, StandardizedModelsAnswerInTheDatasScale) {
  ELBO_REQUIRE_DEVICE();
  auto [plain, standardized] = plain_and_standardized();
  state_of(standardized).standard_mean = {10.0f, -5.0f};
  state_of(standardized).standard_deviation = {2.0f, 0.5f};
  const Table x{2, 2, {12.0f, -5.5f, 10.0f, -4.0f}};
  const Table scaled{2, 2, {1.0f, -1.0f, 0.0f, 2.0f}};
  const Posterior a = standardized.encode(x), b = plain.encode(scaled);
  for (std::size_t i = 0; i < a.mean.values.size(); ++i)
    EXPECT_NEAR(a.mean.values[i], b.mean.values[i], 1e-6);
  const Table back = standardized.decode(a.mean), unscaled = plain.decode(b.mean);
  for (int i = 0; i < 2; ++i) {
    EXPECT_NEAR(back.row(i)[0], unscaled.row(i)[0] * 2.0f + 10.0f, 1e-5);
    EXPECT_NEAR(back.row(i)[1], unscaled.row(i)[1] * 0.5f - 5.0f, 1e-5);
  }
}

TEST(Model, StandardizedDataIsStillMeasuredInItsOwnScale) {
  ELBO_REQUIRE_DEVICE();
  auto [plain, standardized] = plain_and_standardized();
  state_of(standardized).standard_mean = {10.0f, -5.0f};
  state_of(standardized).standard_deviation = {2.0f, 0.5f * 2.718281828f};
  const Examples scaled = examples(Table{2, 2, {1.0f, -1.0f, 0.0f, 2.0f}});
  Examples own = scaled;
  for (std::size_t i = 0; i < 4; ++i) {
    own.floats[i] = own.floats[i] * state_of(standardized).standard_deviation[i % 2] +
                    state_of(standardized).standard_mean[i % 2];
  }
  // p(x) = p(standardised x) / (σ₀ σ₁): the cost grows by log 2 + log ½ + 1 = 1 nat.
  const Evaluation a = standardized.evaluate(own, 10, 3), b = plain.evaluate(scaled, 10, 3);
  EXPECT_NEAR(a.terms.reconstruction, b.terms.reconstruction + 1.0, 1e-5);
  EXPECT_NEAR(a.terms.elbo, b.terms.elbo - 1.0, 1e-5);
  EXPECT_NEAR(a.terms.kl, b.terms.kl, 1e-6);
  EXPECT_NEAR(a.nll->mean, b.nll->mean + 1.0, 1e-5);
  EXPECT_NEAR(a.reconstruction_per_value[0], b.reconstruction_per_value[0] + std::log(2.0), 1e-5);
  EXPECT_NEAR(a.reconstruction_per_value[1], b.reconstruction_per_value[1] + 1.0 - std::log(2.0), 1e-5);
  const Table back = standardized.reconstruct(Table{2, 2, own.floats});
  double squared = 0;  // of the posterior mean's reconstruction, which is near the sample's
  for (std::size_t i = 0; i < 4; ++i) squared += std::pow(own.floats[i] - back.values[i], 2) / 2;
  EXPECT_NEAR(a.squared_error, squared, 0.5 * squared);
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Uses more rows than an evaluation's batch, and more samples than are drawn at a time.
TEST(Model, ExamplesCostOnAverageWhatTheSplitDoes) {
  ELBO_REQUIRE_DEVICE();
  auto [plain, standardized] = plain_and_standardized();
  state_of(standardized).standard_mean = {10.0f, -5.0f};
  state_of(standardized).standard_deviation = {2.0f, 0.5f};
  const Examples data = examples(table(700, 2));
  for (Model* model : {&plain, &standardized}) {
    const Evaluation e = model->evaluate(data, 65, 2);
    ASSERT_EQ(std::ssize(e.example_elbo), 700);
    ASSERT_EQ(std::ssize(e.nll->examples), 700);
    EXPECT_NEAR(mean_of(e.example_elbo), e.terms.elbo, 1e-9 * std::abs(e.terms.elbo));
    EXPECT_NEAR(mean_of(e.nll->examples), e.nll->mean, 1e-9 * std::abs(e.nll->mean));
    EXPECT_EQ(e.nll->examples, model->scores(data, 65, 2).nll);
    EXPECT_FALSE(model->evaluate(data).nll);
  }
}

TEST(Model, EvaluationPartsAddUpAndRepeat) {
  ELBO_REQUIRE_DEVICE();
  Model model(small_recipe(), 6, test::device());
  const Examples data = examples(table(40, 6));
  const Evaluation e = model.evaluate(data, 70, 5);
  EXPECT_EQ(e.examples, 40);
  EXPECT_NEAR(e.terms.elbo, -(e.terms.reconstruction + e.terms.kl), 1e-9);
  EXPECT_GT(e.terms.kl, 0.0);
  ASSERT_TRUE(e.nll);
  EXPECT_EQ(e.nll->samples, 70);
  EXPECT_GT(e.nll->standard_error, 0.0);
  EXPECT_LT(e.nll->mean, -e.terms.elbo + 0.05);  // importance weighting tightens the bound
  const Evaluation again = model.evaluate(data, 70, 5);
  EXPECT_EQ(e.nll->mean, again.nll->mean);
  EXPECT_EQ(e.terms.elbo, again.terms.elbo);
  EXPECT_NE(e.terms.elbo, model.evaluate(data, 0, 6).terms.elbo);
  // An untrained posterior hardly depends on x: nothing is active.
  EXPECT_EQ(e.active_units, 0);
}

TEST(Model, ActiveUnitsAreThoseWhoseMeanMoves) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.model.encoder = {};
  Model model(recipe, 2, test::device());
  const nn::ParameterLayout& layout = state_of(model).vae->parameters().layout();
  std::vector<float> arena(static_cast<std::size_t>(layout.size), 0.0f);
  for (const nn::TensorInfo& t : layout.tensors) {
    if (t.name != "encoder.mean.weight") continue;
    arena[t.offset] = 1.0f;       // z₀ = x₀: variance 0.25
    arena[t.offset + 3] = 0.15f;  // z₁ = 0.15 x₁: variance 0.0056
  }                               // z₂ = 0
  state_of(model).context->copy_to_device(state_of(model).vae->parameters().values().data, arena.data(),
                                          arena.size() * sizeof(float));
  const Evaluation e = model.evaluate(examples(Table{4, 2, {0, 0, 1, 1, 0, 1, 1, 0}}));
  EXPECT_EQ(e.active_units, 1);
  ASSERT_EQ(e.units.size(), 3u);
  EXPECT_NEAR(e.units[0].mean_variance, 0.25, 1e-6);
  EXPECT_NEAR(e.units[1].mean_variance, 0.15 * 0.15 * 0.25, 1e-6);
  EXPECT_EQ(e.units[2].mean_variance, 0.0);
  // Variance 1 everywhere: KL = ½ E[μ²].
  EXPECT_NEAR(*e.units[0].kl, 0.25, 1e-6);
  EXPECT_NEAR(*e.units[1].kl, 0.5 * 0.15 * 0.15 * 0.5, 1e-6);
  EXPECT_EQ(e.units[2].kl, 0.0);
  EXPECT_NEAR(e.terms.kl, *e.units[0].kl + *e.units[1].kl, 1e-6);
  EXPECT_NEAR(e.terms.reconstruction, 2 * std::log(2.0), 1e-5);  // zero logits: p = ½
  ASSERT_EQ(e.reconstruction_per_value.size(), 2u);
  for (const double cost : e.reconstruction_per_value) EXPECT_NEAR(cost, std::log(2.0), 1e-5);
  EXPECT_NEAR(e.squared_error, 2 * 0.25, 1e-5);
}

TEST(Model, AutoencoderHasNoPriorAndNoKl) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.model.kind = "autoencoder";
  Model model(recipe, 6, test::device());
  const Evaluation e = model.evaluate(examples(table(10, 6)));
  EXPECT_EQ(e.terms.kl, 0.0);
  EXPECT_TRUE(e.example_elbo.empty() && !e.nll);
  EXPECT_TRUE(model.encode(table(10, 6)).log_variance.values.empty());
  EXPECT_EQ(model.reconstruct(table(10, 6)).rows, 10);
  EXPECT_THROW(model.sample(3, 1), ConfigError);
  EXPECT_THROW(model.evaluate(examples(table(10, 6)), 5), ConfigError);
}

TEST(Model, WrongInputIsRefused) {
  ELBO_REQUIRE_DEVICE();
  Model model(small_recipe(), 6, test::device());
  EXPECT_THROW(model.encode(table(3, 5)), ShapeError);
  EXPECT_THROW(model.decode(table(3, 4)), ShapeError);
  EXPECT_THROW(model.encode(Table{2, 6, {1.0f}}), ShapeError);
  Table outside = table(3, 6);
  outside.values[7] = 1.5f;
  EXPECT_THROW(model.encode(outside), DataError);
  outside.values[7] = NAN;
  EXPECT_THROW(model.encode(outside), DataError);
  EXPECT_THROW(model.evaluate(Examples{}), DataError);
  EXPECT_THROW(Model(small_recipe(), 6, test::device(), {2, 2, 1}), ShapeError);
  EXPECT_THROW(Model(small_recipe(), 0, test::device()), ConfigError);
  EXPECT_THROW(Model(small_recipe(), 6, Device::cuda(99)), DeviceError);
}

}  // namespace
}  // namespace elbo
