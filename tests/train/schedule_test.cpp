// Learning-rate schedules: rates computed by hand, and that steps use them.

#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "elbo/error.h"
#include "ops/adam.h"
#include "runtime/buffer.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

TrainSettings settings(const std::string& schedule, std::int64_t epochs) {
  TrainSettings train;
  train.schedule = schedule;
  train.epochs = epochs;
  train.learning_rate = 0.1;
  return train;
}

/// The rates of steps 1, 2, …
void expect_rates(const TrainSettings& train, std::int64_t steps_per_epoch,
                  const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(learning_rate(train, steps_per_epoch, static_cast<std::int64_t>(i) + 1), expected[i], 1e-12)
        << "step " << i + 1;
  }
}

TEST(Schedule, ConstantIsTheLearningRate) {
  expect_rates(settings("constant", 2), 3, {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1});
}

TEST(Schedule, WarmupIsLinear) {
  TrainSettings train = settings("constant", 3);
  train.warmup_epochs = 2.0;  // four steps
  expect_rates(train, 2, {0.025, 0.05, 0.075, 0.1, 0.1, 0.1});
  train.warmup_epochs = 1.25;  // two and a half
  expect_rates(train, 2, {0.04, 0.08, 0.1, 0.1});
}

TEST(Schedule, StepFallsByItsFactor) {
  TrainSettings train = settings("step", 4);
  train.decay_epochs = 1.0;
  train.decay_factor = 0.5;
  expect_rates(train, 2, {0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125});
  train.decay_epochs = 1.5;
  expect_rates(train, 2, {0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025});
  train.warmup_epochs = 1.0;
  expect_rates(train, 2, {0.05, 0.1, 0.1, 0.05});
  train.warmup_epochs = 0.0;
  train.decay_epochs = 0.07;  // times 100 steps, which rounds to slightly more than seven
  expect_rates(train, 100, {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05});
}

// Half a cosine over steps 1 … 5: cos 0, π/4, π/2, 3π/4, π.
TEST(Schedule, CosineEndsAtItsFinalRate) {
  TrainSettings train = settings("cosine", 5);
  expect_rates(train, 1,
               {0.1, 0.05 * (1 + 0.70710678118654752), 0.05, 0.05 * (1 - 0.70710678118654752), 0.0});
  train.final_learning_rate = 0.02;  // the same, over 0.08
  expect_rates(train, 1,
               {0.1, 0.02 + 0.04 * 1.70710678118654752, 0.06, 0.02 + 0.04 * 0.29289321881345248, 0.02, 0.02});
}

// The cosine begins where the warm-up ends, at step 2 of 6, so step 4 is its middle.
TEST(Schedule, CosineAfterWarmup) {
  TrainSettings train = settings("cosine", 3);
  train.warmup_epochs = 1.0;
  expect_rates(train, 2, {0.05, 0.1, 0.05 * 1.70710678118654752, 0.05, 0.05 * 0.29289321881345248, 0.0});
}

TEST(Schedule, ACosineOfOneStepIsTheLearningRate) {
  expect_rates(settings("cosine", 1), 1, {0.1});
}

TEST(Schedule, StagesHaveTheirRates) {
  TrainSettings train = settings("staged", 4);
  train.stage_epochs = {1, 2, 1};
  train.stage_rates = {0.3, 0.2, 0.05};
  expect_rates(train, 2, {0.3, 0.3, 0.2, 0.2, 0.2, 0.2, 0.05, 0.05, 0.05});
  train.warmup_epochs = 0.5;
  expect_rates(train, 4, {0.15, 0.3, 0.3, 0.3, 0.2});
}

// Burda et al. 2016: eight stages of 3^i epochs at 1e-4 · round(10^(1 − i/7), 1).
TEST(Schedule, BurdasStages) {
  const Recipe recipe = Recipe::named("mnist-burda");
  ASSERT_EQ(recipe.train.epochs, 3280);
  std::int64_t epoch = 0;
  double length = 1.0;
  for (int i = 0; i < 8; ++i, length *= 3.0) {
    const double rate = 1e-4 * std::round(10.0 * std::pow(10.0, 1.0 - i / 7.0)) / 10.0;
    const std::int64_t first = epoch * 3000 + 1, end = (epoch += static_cast<std::int64_t>(length)) * 3000;
    EXPECT_NEAR(learning_rate(recipe.train, 3000, first), rate, 1e-12) << i;
    EXPECT_NEAR(learning_rate(recipe.train, 3000, end), rate, 1e-12) << i;
  }
  EXPECT_EQ(epoch, 3280);
}

/// The KL's weights of steps 1, 2, …
void expect_kl_weights(const Recipe& recipe, std::int64_t steps_per_epoch,
                       const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(kl_weight(recipe, steps_per_epoch, static_cast<std::int64_t>(i) + 1), expected[i], 1e-12)
        << "step " << i + 1;
  }
}

TEST(Schedule, TheKlsWeightRisesToBeta) {
  Recipe recipe = small_recipe();
  recipe.objective.beta = 0.5;
  expect_kl_weights(recipe, 2, {0.5, 0.5});
  recipe.objective.warmup_epochs = 2.0;  // four steps
  expect_kl_weights(recipe, 2, {0.125, 0.25, 0.375, 0.5, 0.5, 0.5});
}

// Ten steps in two cycles of five, the weight rising over four fifths of each; in three cycles of 10/3 steps,
// over half of each.
TEST(Schedule, CyclesBeginAnewAtZero) {
  Recipe recipe = small_recipe();
  recipe.train.epochs = 5;
  recipe.objective.beta = 2.0;
  recipe.objective.cycles = 2;
  recipe.objective.ramp_fraction = 0.8;
  expect_kl_weights(recipe, 2, {0.0, 0.5, 1.0, 1.5, 2.0, 0.0, 0.5, 1.0, 1.5, 2.0});
  recipe.objective.cycles = 3;
  recipe.objective.ramp_fraction = 0.5;
  expect_kl_weights(recipe, 2, {0.0, 1.2, 2.0, 2.0, 0.8, 2.0, 2.0, 0.4, 1.6, 2.0});
  recipe.objective.cycles = 6;  // of 10/3 steps each: the fourth begins at step 11 of 20
  EXPECT_EQ(kl_weight(recipe, 4, 11), 0.0);
}

TEST(Schedule, TheCapacityRises) {
  ObjectiveSettings objective;
  objective.capacity = 12.0;
  EXPECT_EQ(kl_capacity(objective, 2, 1), 12.0);
  objective.capacity_epochs = 1.5;  // three steps
  EXPECT_NEAR(kl_capacity(objective, 2, 1), 4.0, 1e-12);
  EXPECT_NEAR(kl_capacity(objective, 2, 2), 8.0, 1e-12);
  EXPECT_EQ(kl_capacity(objective, 2, 3), 12.0);
  EXPECT_EQ(kl_capacity(objective, 2, 100), 12.0);
}

TEST(Schedule, AnEpochsTableHoldsItsSteps) {
  Recipe recipe = small_recipe();
  recipe.train.schedule = "step";
  recipe.train.decay_epochs = 1.5;
  recipe.objective.beta = 0.25;
  const auto rates = epoch_rates(recipe, 2, 2);
  ASSERT_EQ(rates.size(), 2u);
  EXPECT_EQ(rates[0].learning_rate, 0.01f);
  EXPECT_EQ(rates[1].learning_rate, 0.001f);
  EXPECT_EQ(rates[0].kl_weight, 0.25f);
  recipe.objective.capacity = 8.0;
  recipe.objective.capacity_epochs = 4.0;
  EXPECT_EQ(epoch_rates(recipe, 2, 2)[0].capacity, 3.0f);
}

TEST(AdvanceStep, TakesTheRatesOfItsPlaceInTheEpoch) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const std::vector<StepRates> table = {{0.5f, 1.0f, 2.0f}, {0.25f, 0.5f, 3.0f}, {0.125f, 0.75f, 4.0f}};
  Buffer<StepRates> rates(context, std::span<const StepRates>(table));
  StepState state;
  state.epoch_steps = 1;
  Buffer<StepState> buffer(context, std::span<const StepState>(&state, 1));
  for (const std::size_t expected : {1u, 2u, 2u}) {  // after the last they stay
    ops::advance_step(context, buffer.data(), buffer.data(), rates.view(), 4, {});
    const StepState after = buffer.to_host()[0];
    EXPECT_EQ(after.learning_rate, table[expected].learning_rate);
    EXPECT_EQ(after.kl_weight, table[expected].kl_weight);
    EXPECT_EQ(after.capacity, table[expected].capacity);
  }
  EXPECT_EQ(buffer.to_host()[0].epoch_steps, 4);
  EXPECT_THROW(ops::advance_step(context, buffer.data(), buffer.data(), {nullptr, 3}, 4, {}), ShapeError);
}

// Adam's steps are proportional to the rate: a rate too small to change a float changes no parameter.
TEST(Schedule, AStageWithoutARateMovesNothing) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.train.schedule = "staged";
  recipe.train.stage_epochs = {1, 2};
  recipe.train.stage_rates = {0.01, 1e-20};
  const Dataset data = patterned_data(27, 0);
  TempFolder folder;
  train_into(folder / "whole", recipe, data);
  Recipe short_one = recipe;
  short_one.train.epochs = 1;
  train_into(folder / "first", short_one, data);
  const auto values = [&](const char* run) {
    Model model = Model::load(folder / run, device());
    return model.decode({1, 3, {0.3f, -0.2f, 0.9f}}).values;
  };
  EXPECT_EQ(values("whole"), values("first"));
}

std::string refused(const std::function<void(TrainSettings&)>& change) {
  Recipe recipe;
  change(recipe.train);
  try {
    recipe.validate();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Schedule, WhatDoesNotFitIsRefused) {
  const auto staged = [](std::vector<std::int64_t> epochs, std::vector<double> rates) {
    return refused([&](TrainSettings& train) {
      train.schedule = "staged";
      train.stage_epochs = epochs;
      train.stage_rates = rates;
    });
  };
  EXPECT_EQ(staged({4, 6}, {1e-3, 1e-4}), "");
  EXPECT_NE(staged({4, 6}, {1e-3}).find("2 stages and train.stage_rates 1"), std::string::npos);
  EXPECT_NE(staged({}, {}).find("at least one"), std::string::npos);
  EXPECT_NE(staged({4, 5}, {1e-3, 1e-4}).find("end after 9"), std::string::npos);  // of ten epochs
  EXPECT_NE(refused([](TrainSettings& train) { train.stage_rates = {1e-3}; }).find("\"constant\""),
            std::string::npos);
  EXPECT_NE(refused([](TrainSettings& train) {
              train.schedule = "cosine";
              train.final_learning_rate = 0.01;
            }).find("train.final_learning_rate"),
            std::string::npos);
  EXPECT_NE(refused([](TrainSettings& train) { train.warmup_epochs = -1; }).find("train.warmup_epochs"),
            std::string::npos);
  Recipe recipe;
  EXPECT_THROW(recipe.set("train.schedule=linear"), ConfigError);
  EXPECT_THROW(recipe.set("train.stage_rates=[1e-3, 0]"), ConfigError);
  EXPECT_THROW(recipe.set("train.stage_rates=1e-3"), ConfigError);
  EXPECT_THROW(recipe.set("train.stage_epochs=[1.5]"), ConfigError);
  recipe.set("train.stage_rates=[1, 2.5e-4]");
  EXPECT_EQ(recipe.train.stage_rates, (std::vector<double>{1.0, 2.5e-4}));
}

// Every rate of a cosine depends on the number of epochs, and so does every weight of a cycle.
TEST(Schedule, WhatSpansTheTrainingDoesNotGoOnForOtherEpochs) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.train.schedule = "cosine";
  const Dataset data = patterned_data(16, 0);
  TempFolder folder;
  train_into(folder / "run", recipe, data);
  recipe.train.epochs = 5;
  EXPECT_THROW(train_into(folder / "run", recipe, data, true), ConfigError);
  Recipe cyclical = small_recipe();
  cyclical.objective.cycles = 2;
  train_into(folder / "cyclical", cyclical, data);
  cyclical.train.epochs = 5;
  EXPECT_THROW(train_into(folder / "cyclical", cyclical, data, true), ConfigError);
}

}  // namespace
}  // namespace elbo::test
