// Options of a training beyond plain steps: early stopping, the average of weights, steps of several batches.

#include <gtest/gtest.h>

#include "elbo/error.h"
#include "io/safetensors.h"
#include "model/model_file.h"
#include "support/temp_folder.h"
#include "support/tolerance.h"
#include "support/training.h"

namespace elbo::test {
namespace {

std::vector<float> values_of(const Model& model) {
  return to_host(*state_of(model).context, state_of(model).vae->parameters().values());
}

std::vector<float> values_in(const std::filesystem::path& file, const Model& like) {
  return read_parameters(io::SafetensorsFile(file), state_of(like).vae->parameters().layout());
}

/// Data whose validation cost gets worse by training: the examples differ in kind.
Dataset diverging_data() {
  Dataset data = patterned_data(27, 10);
  for (auto& byte : data.validation.bytes) byte = static_cast<std::uint8_t>(255 - byte);
  for (std::size_t i = 0; i < data.validation.bytes.size(); i += 2) data.validation.bytes[i] = 255;
  return data;
}

Recipe patient_recipe(std::int64_t patience) {
  Recipe recipe = small_recipe();
  recipe.train.epochs = 200;
  recipe.train.learning_rate = 0.05;
  recipe.train.patience = patience;
  return recipe;
}

TEST(EarlyStopping, StopsAfterPatienceAndRestoresTheBest) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = diverging_data();
  TempFolder folder;
  Model model = make_model(patient_recipe(4), data);
  const TrainReport report = train(model, data, run_options(folder / "run"));
  ASSERT_TRUE(report.stopped_early);
  ASSERT_FALSE(report.interrupted);
  const auto epochs = static_cast<std::int64_t>(report.epochs.size());
  ASSERT_LT(epochs, 200);
  EXPECT_EQ(epochs, report.best_epoch + 4);
  const auto loss = [&](std::int64_t epoch) {
    return -report.epochs[static_cast<std::size_t>(epoch - 1)].validation->elbo;
  };
  for (std::int64_t epoch = 1; epoch <= epochs; ++epoch) EXPECT_GE(loss(epoch), loss(report.best_epoch));
  EXPECT_EQ(values_of(model), values_in(folder / "run" / "model.safetensors", model));
  EXPECT_NE(values_of(model), values_in(folder / "run" / "last.safetensors", model));
  // The best epoch's own parameters: a training of that many epochs ends with them.
  Recipe until_best = patient_recipe(0);
  until_best.train.epochs = report.best_epoch;
  Model stopped = make_model(until_best, data);
  train(stopped, data);
  EXPECT_EQ(values_of(model), values_of(stopped));
}

// The bound decides here, as it may rise while the ELBO falls.
TEST(EarlyStopping, OfTheImportanceWeightedBoundGoesByThat) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = diverging_data();
  Recipe recipe = patient_recipe(4);
  recipe.objective.kind = "iwae";
  recipe.objective.samples = 3;
  Model model = make_model(recipe, data);
  const TrainReport report = train(model, data);
  ASSERT_TRUE(report.stopped_early);
  const auto epoch = [&](std::int64_t number) {
    return report.epochs.at(static_cast<std::size_t>(number - 1));
  };
  const double best = epoch(report.best_epoch).validation_objective.value();
  for (const EpochMetrics& metrics : report.epochs) EXPECT_GE(metrics.validation_objective.value(), best);
  EXPECT_NEAR(model.evaluate(data.validation, 3, recipe.train.seed).nll->mean, best, 1e-9 * std::abs(best));
}

// While the KL's weight still rises, later epochs may be better.
TEST(EarlyStopping, WaitsForTheObjectiveToSettle) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = diverging_data();
  const auto epochs = [&](auto change) {
    Recipe recipe = patient_recipe(2);
    change(recipe);
    return train_anew(recipe, data, {}).epochs.size();
  };
  const auto ends_between = [&](auto change, std::size_t first, std::size_t last) {
    const std::size_t ended = epochs(change);
    EXPECT_GE(ended, first);
    EXPECT_LE(ended, last);
  };
  ends_between([](Recipe&) {}, 3, 40);
  ends_between([](Recipe& r) { r.objective.warmup_epochs = 59.5; }, 62, 90);
  ends_between([](Recipe& r) { r.objective.capacity = 1.0, r.objective.capacity_epochs = 50.0; }, 52, 90);
  ends_between([](Recipe& r) { r.objective.cycles = 4; }, 177, 199);  // 3.5/4 · 200 + 2
}

TEST(Train, TheBestEpochGoesByTheObjectiveAsItIsInTheEnd) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(27, 10);
  const auto check = [&](auto change, auto cost) {
    Recipe recipe = small_recipe();
    change(recipe);
    const TrainReport report = train_anew(recipe, data, {});
    double best = std::numeric_limits<double>::infinity();
    for (const EpochMetrics& metrics : report.epochs) {
      EXPECT_NEAR(metrics.validation_objective.value(), cost(*metrics.validation), 1e-9);
      best = std::min(best, *metrics.validation_objective);
    }
    EXPECT_EQ(report.epochs.at(static_cast<std::size_t>(report.best_epoch - 1)).validation_objective, best);
  };
  check([](Recipe& r) { r.objective.beta = 0.1; },
        [](const ElboTerms& t) { return t.reconstruction + 0.1 * t.kl; });
  check(
      [](Recipe& r) {
        r.objective.beta = 3.0, r.objective.capacity = 2.0, r.objective.capacity_epochs = 2.0;
      },
      [](const ElboTerms& t) { return t.reconstruction + 3.0 * std::abs(t.kl - 2.0); });
  check([](Recipe& r) { r.objective.warmup_epochs = 2.0; }, [](const ElboTerms& t) { return -t.elbo; });
}

TEST(EarlyStopping, WithoutAFolderToo) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = diverging_data();
  Model model = make_model(patient_recipe(2), data), saved = make_model(patient_recipe(2), data);
  TempFolder folder;
  ASSERT_TRUE(train(model, data).stopped_early);
  train(saved, data, run_options(folder / "run"));
  EXPECT_EQ(values_of(model), values_of(saved));
}

TEST(EarlyStopping, AStoppedRunIsFinished) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = diverging_data();
  TempFolder folder;
  train_into(folder / "run", patient_recipe(3), data);
  Model model = make_model(patient_recipe(3), data);
  const TrainReport again = train(model, data, run_options(folder / "run", true));
  EXPECT_TRUE(again.already_finished);
  EXPECT_TRUE(again.stopped_early);
  EXPECT_TRUE(again.epochs.empty());
  EXPECT_EQ(values_of(model), values_in(folder / "run" / "model.safetensors", model));
}

// The best epoch may be before the interruption.
TEST(EarlyStopping, GoesOnAfterAnInterruption) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = diverging_data();
  TempFolder folder;
  const TrainReport whole = train_into(folder / "whole", patient_recipe(6), data);
  ASSERT_TRUE(whole.stopped_early);
  TrainOptions options = run_options(folder / "parts");
  std::int64_t finished = 0;
  options.on_epoch = [&](const EpochMetrics& metrics) { finished = metrics.epoch; };
  options.stop = [&] { return finished >= whole.best_epoch + 2; };
  ASSERT_TRUE(train_anew(patient_recipe(6), data, options).interrupted);
  Model model = make_model(patient_recipe(6), data);
  const TrainReport rest = train(model, data, run_options(folder / "parts", true));
  EXPECT_TRUE(rest.stopped_early);
  EXPECT_EQ(rest.best_epoch, whole.best_epoch);
  expect_same_run(folder / "parts", folder / "whole");
  EXPECT_EQ(values_of(model), values_in(folder / "whole" / "model.safetensors", model));
}

TEST(EarlyStopping, NeedsValidationData) {
  ELBO_REQUIRE_DEVICE();
  try {
    train_anew(patient_recipe(3), patterned_data(27, 0), {});
    FAIL() << "it trained";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("data.validation"), std::string::npos) << error.what();
  }
}

// The formula of ops::running_average, from the parameters after each of three epochs of one step.
TEST(Averaging, SavesAndEvaluatesTheAverage) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(8, 10);
  Recipe recipe = small_recipe();
  Model fresh = make_model(recipe, data);
  std::vector<double> expected;
  for (const float value : values_of(fresh)) expected.push_back(value);
  for (int t = 1; t <= 3; ++t) {
    recipe.train.epochs = t;
    Model model = make_model(recipe, data);
    train(model, data);
    const auto values = values_of(model);
    const double decay = std::min(0.2, (1.0 + t) / (10.0 + t));
    for (std::size_t i = 0; i < values.size(); ++i) {
      expected[i] = decay * expected[i] + (1 - decay) * values[i];
    }
  }
  recipe.train.ema = 0.2;
  TempFolder folder;
  Model averaged = make_model(recipe, data);
  const TrainReport report = train(averaged, data, run_options(folder / "run"));
  EXPECT_TRUE(near_all<float>(values_of(averaged), expected, {1e-6, 1e-5}));
  EXPECT_EQ(values_of(averaged), values_in(folder / "run" / "last.safetensors", averaged));
  EXPECT_NE(values_of(averaged), values_in(folder / "run" / "checkpoint.safetensors", averaged));
  EXPECT_EQ(report.epochs.back().validation->elbo,
            averaged.evaluate(data.validation, 0, recipe.train.seed).terms.elbo);
}

TEST(Averaging, MustStayBelowOne) {
  Recipe recipe;
  EXPECT_THROW(recipe.set("train.ema=1"), ConfigError);
  EXPECT_THROW(recipe.set("train.ema=-0.1"), ConfigError);
  EXPECT_THROW(recipe.set("train.accumulation_steps=0"), ConfigError);
  EXPECT_THROW(recipe.set("train.patience=-1"), ConfigError);
}

// Noise is keyed by step and example, so four batches of 2 equal one of 8, except for the order of sums. 27
// examples leave a last step of 3: a batch of 2 and one of 1.
TEST(Accumulation, EqualsTheLargeBatch) {
  ELBO_REQUIRE_DEVICE();
  for (const double clip : {0.0, 0.05}) {
    const Dataset data = patterned_data(27, 10);
    Recipe large = small_recipe();
    large.train.clip_norm = clip;
    large.train.epsilon = 1e-4;  // a gradient near 0 must not become a step of the full rate
    Recipe small = large;
    small.train.batch = 2;
    small.train.accumulation_steps = 4;
    Model one = make_model(large, data), four = make_model(small, data);
    const TrainReport expected = train(one, data), actual = train(four, data);
    EXPECT_EQ(actual.steps, 12);
    ASSERT_EQ(actual.epochs.size(), expected.epochs.size());
    for (std::size_t i = 0; i < expected.epochs.size(); ++i) {
      EXPECT_NEAR(actual.epochs[i].train.elbo, expected.epochs[i].train.elbo, 1e-4);
      EXPECT_NEAR(actual.epochs[i].validation->elbo, expected.epochs[i].validation->elbo, 1e-4);
    }
    const auto values = values_of(one);
    const std::vector<double> reference(values.begin(), values.end());
    EXPECT_TRUE(near_all<float>(values_of(four), reference, {2e-5, 1e-4}));
  }
}

TEST(Accumulation, OfMoreThanThereIsIsTheWholeEpoch) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(11, 0);
  Recipe recipe = small_recipe();
  recipe.train.batch = 4;
  recipe.train.accumulation_steps = 1000;
  EXPECT_EQ(train_anew(recipe, data, {}).steps, 3);  // one per epoch
}

}  // namespace
}  // namespace elbo::test
