// The variance that a gaussian likelihood shares: its sums and updates against float64 and by hand, and its
// value after a training.

#include "ops/shared_variance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "cases/shared_variance.h"
#include "elbo/error.h"
#include "io/safetensors.h"
#include "model/model_file.h"
#include "support/device.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

class SharedVarianceSums : public testing::TestWithParam<SquaredErrorCase> {};
class SharedVarianceMoves : public testing::TestWithParam<MoveVarianceCase> {};

TEST_P(SharedVarianceSums, MatchesFloat64) {
  EXPECT_OP(GetParam(), {{0, 0}, {0, 1}, {3, 1}});
}
TEST_P(SharedVarianceMoves, MatchesFloat64) {
  EXPECT_OP(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Shapes, SharedVarianceSums,
                         testing::Values(SquaredErrorCase{1, 1}, SquaredErrorCase{3, 17},
                                         SquaredErrorCase{9, 5, 4, true, true},
                                         SquaredErrorCase{300, 33, 1, true, false, true},
                                         SquaredErrorCase{128, 784, 1, false, false, false, 1.5},
                                         SquaredErrorCase{17, 784, 50, true, true, true},
                                         SquaredErrorCase{2, 40, 5, false, true}),
                         CaseName());
INSTANTIATE_TEST_SUITE_P(Steps, SharedVarianceMoves,
                         testing::Values(MoveVarianceCase{}, MoveVarianceCase{20, 5.0, 100.0, -1.25},
                                         MoveVarianceCase{100000, 80.0, 3.0, 2.0},
                                         MoveVarianceCase{7, 0.0, 0.0, -3.5},
                                         MoveVarianceCase{890, 0.0, 12.0, -19.995}),
                         CaseName());

/// log σ² after one step from `before`.
float moved(float before, std::vector<double> sums, std::uint64_t step, bool skipped = false) {
  Context context(device());
  Buffer<float> log_variance(context, std::vector<float>{before});
  const Buffer<double> on_device(context, sums);
  const StepState state{.step = step, .skipped = skipped};
  const Buffer<StepState> state_on_device(context, std::span(&state, 1));
  ops::move_shared_variance(context, log_variance.data(), on_device.data(), state_on_device.data());
  return log_variance.to_host()[0];
}

TEST(SharedVariance, ASkippedStepLeavesItAsItIs) {
  ELBO_REQUIRE_DEVICE();
  EXPECT_EQ(moved(0.5f, {std::numeric_limits<double>::quiet_NaN(), 10.0}, 1, true), 0.5f);
}

// From σ² = 1, with errors of 0.2 per value: 2/11 + 9/11 · 0.2 = 0.3454545 at step 1; at a late step 0.99 +
// 0.002.
TEST(SharedVariance, MovesByHand) {
  ELBO_REQUIRE_DEVICE();
  EXPECT_NEAR(moved(0.0f, {2.0, 10.0}, 1), std::log(0.3454545), 1e-6);
  EXPECT_NEAR(moved(0.0f, {2.0, 10.0}, 1000000), std::log(0.992), 1e-6);
}

TEST(SharedVariance, NanStaysAndRoundingDoesNot) {
  ELBO_REQUIRE_DEVICE();
  EXPECT_TRUE(std::isnan(moved(0.0f, {std::numeric_limits<double>::quiet_NaN(), 10.0}, 5)));
  EXPECT_EQ(moved(-19.0f, {-1.0, 10.0}, 5), -20.0f);
}

TEST(SharedVariance, RefusesWrongArguments) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<double> sums(context, 2);
  Buffer<float> memory(context, 64);
  Buffer<StepState> state(context, 1);
  const auto call = [&](ops::GaussianCosts costs) {
    ops::squared_error_sums(context, sums.data(), costs, memory.data(), false);
  };
  const auto part = [&](std::int64_t size) { return memory.view().part(0, size); };
  EXPECT_THROW(call({part(5), {}, {}, 2, 3}), ShapeError);
  EXPECT_THROW(call({{}, {}, {}, 2, 3}), ShapeError);
  EXPECT_THROW(call({part(4), part(2), {}, 2, 3}), ShapeError);
  EXPECT_THROW(call({part(4), {}, memory.matrix(2, 4), 2, 3}), ShapeError);
  EXPECT_THROW(ops::move_shared_variance(context, memory.data(), sums.data(), nullptr), ShapeError);
  EXPECT_THROW(ops::move_shared_variance(context, nullptr, sums.data(), state.data()), ShapeError);
}

/// σ² of a model.
double variance_of(Model& model) {
  const Vae& vae = *state_of(model).vae;
  return vae.likelihood().learned_variance(vae.run()).value();
}

Recipe shared_recipe(std::int64_t epochs, double learning_rate) {
  Recipe recipe = small_recipe();
  recipe.model.likelihood = "gaussian-shared";
  recipe.train.epochs = epochs;
  recipe.train.learning_rate = learning_rate;
  return recipe;
}

/// Expects a trained model's variance to be the mean of its squared errors on the training data, and each
/// value to cost ½ (log 2πσ² + (x − μ)²/σ²).
void expect_optimal(Model& model, const Examples& train, double values, double tolerance) {
  const double variance = variance_of(model);
  const Evaluation seen = model.evaluate(train);
  ASSERT_TRUE(seen.variance);
  EXPECT_NEAR(*seen.variance, variance, 1e-6 * variance);
  EXPECT_NEAR(variance / (seen.squared_error / values), 1.0, tolerance);
  const double cost =
      0.5 * (values * std::log(2.0 * std::numbers::pi * variance) + seen.squared_error / variance);
  EXPECT_NEAR(seen.terms.reconstruction, cost, 1e-4 * std::abs(cost));
}

// With fixed parameters, only the variance can be learned.
TEST(SharedVariance, EndsAtTheMeanSquaredError) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(64, 0);
  for (const bool weighted : {false, true}) {
    Recipe recipe = shared_recipe(60, 1e-30);
    recipe.train.accumulation_steps = weighted ? 2 : 1;
    recipe.objective.kind = weighted ? "iwae" : "elbo";
    recipe.objective.samples = weighted ? 3 : 1;
    Model model = make_model(recipe, data);
    EXPECT_NEAR(variance_of(model), 1.0, 1e-7);
    train(model, data);
    expect_optimal(model, data.train, 12.0, 0.05);
  }
}

TEST(SharedVariance, FollowsWhatTheModelLearns) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(64, 0);
  Recipe recipe = shared_recipe(150, 0.005);
  recipe.train.schedule = "cosine";  // so that the last steps no longer change the errors
  Model model = make_model(recipe, data);
  train(model, data);
  EXPECT_LT(variance_of(model), 0.02);  // the patterns' own is 0.08
  expect_optimal(model, data.train, 12.0, 0.15);
  recipe.model.likelihood = "gaussian";
  for (const double variance : {1.0, 0.08}) {
    recipe.model.variance = variance;
    Model fixed = make_model(recipe, data);
    train(fixed, data);
    EXPECT_GT(model.evaluate(data.train).terms.elbo, fixed.evaluate(data.train).terms.elbo) << variance;
  }
}

TEST(SharedVariance, MissingValuesDoNotCount) {
  ELBO_REQUIRE_DEVICE();
  Dataset data = patterned_data(64, 0, 12, false);
  double present = 0.0;
  for (std::size_t i = 0; i < data.train.floats.size(); ++i) {
    if (i % 5 == 2) data.train.floats[i] = std::numeric_limits<float>::quiet_NaN();
    present += i % 5 == 2 ? 0.0 : 1.0;
  }
  Recipe recipe = shared_recipe(60, 1e-30);
  recipe.data.missing = MissingValues::mask;
  Model model = make_model(recipe, data);
  train(model, data);
  expect_optimal(model, data.train, present / 64.0, 0.05);
}

TEST(SharedVariance, BeginsWhereTheRecipeSaysAndIsSaved) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(16, 0);
  Recipe recipe = shared_recipe(0, 0.01);
  recipe.model.variance = 0.25;
  Model model = make_model(recipe, data);
  EXPECT_NEAR(variance_of(model), 0.25, 1e-6);
  recipe.train.epochs = 3;
  TempFolder folder;
  train_into(folder / "run", recipe, data);
  Model saved = Model::load(folder / "run", device());
  EXPECT_LT(variance_of(saved), 0.22);
  EXPECT_EQ(
      io::SafetensorsFile(folder / "run" / "model.safetensors").floats("decoder.log_variance", {1}).size(),
      1u);
}

// Imputed values are drawn with the model's variance. The decoder's mean hardly depends on z here, so nine
// tenths of a value's draws are within 1.645 deviations of it.
TEST(SharedVariance, GivesImputedIntervalsTheirWidth) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(64, 0, 12, false);
  Model model = make_model(shared_recipe(60, 1e-30), data);
  train(model, data);
  Table x = to_table(data.train, 0, 8);
  for (std::size_t i = 0; i < x.values.size(); i += 3) x.values[i] = std::numeric_limits<float>::quiet_NaN();
  const Imputation imputed = model.impute(x, {.samples = 1000});
  double width = 0.0;
  for (std::size_t i = 0; i < x.values.size(); i += 3) {
    width += (imputed.high.values[i] - imputed.low.values[i]) / static_cast<double>(imputed.missing);
  }
  EXPECT_NEAR(width / (2.0 * 1.645 * std::sqrt(variance_of(model))), 1.0, 0.1);
}

}  // namespace
}  // namespace elbo::test
