// Training: reproducible bytes, best and last model, metrics, progress, and errors. The loss curve is in
// golden_curve_test.cpp, resuming in resume_test.cpp.

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "elbo/error.h"
#include "base/out_of_memory.h"
#include "support/temp_folder.h"
#include "support/recipe_variants.h"
#include "support/training.h"
#include "train/metrics.h"

namespace elbo::test {
namespace {

class TrainingVariants : public testing::TestWithParam<RecipeVariant> {};

TEST_P(TrainingVariants, TwoRunsLeaveTheSameBytes) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = GetParam().recipe();
  const Dataset data = GetParam().data(27, 10);
  TempFolder folder;
  train_into(folder / "a", recipe, data);
  train_into(folder / "b", recipe, data);
  expect_same_run(folder / "b", folder / "a");
  recipe.train.seed += 1;
  train_into(folder / "other", recipe, data);
  EXPECT_NE(io::read_file(folder / "other" / "last.safetensors"),
            io::read_file(folder / "a" / "last.safetensors"));
}

TEST_P(TrainingVariants, LearnsTheData) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = GetParam().recipe();
  recipe.train.epochs = 25;
  recipe.train.learning_rate = 0.02;
  if (recipe.train.skip_norm > 0.0) {  // other tests skip spikes, which here would leave too few steps
    recipe.objective = {};
    recipe.train.skip_norm = 100.0;
  }
  const auto report = train_anew(recipe, GetParam().data(64, 0, 30), {});
  EXPECT_LT(report.epochs.back().objective, report.epochs.front().objective - 1.0);
}

INSTANTIATE_TEST_SUITE_P(Recipes, TrainingVariants, testing::ValuesIn(recipe_variants()), VariantName());

TEST(Train, ResampledDataChangesFromStepToStep) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.train.learning_rate = 1e-12;  // so that only the data changes
  recipe.objective.beta = 0.0;
  const Dataset data = patterned_data(16, 0);
  const auto losses = [&](Binarize binarize) {
    recipe.data.binarize = binarize;
    std::vector<double> result;
    for (const auto& epoch : train_anew(recipe, data, {}).epochs)
      result.push_back(epoch.train.reconstruction);
    return result;
  };
  const auto drawn = losses(Binarize::dynamic), grey = losses(Binarize::none),
             cut = losses(Binarize::threshold);
  EXPECT_NE(drawn[0], drawn[1]);
  EXPECT_NE(drawn[0], grey[0]);
  EXPECT_NE(drawn[0], cut[0]);
}

TEST(Train, BestModelIsThatOfTheLowestValidationLoss) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  Recipe recipe = small_recipe();
  recipe.train.learning_rate = 0.3;  // so high that the loss fluctuates
  recipe.train.epochs = 9;
  const Dataset data = patterned_data(30, 20);
  const TrainReport report = train_into(folder.path(), recipe, data);
  ASSERT_EQ(report.epochs.size(), 9u);
  const EpochMetrics* best = &report.epochs.front();
  for (const auto& epoch : report.epochs) {
    if (epoch.validation->elbo > best->validation->elbo) best = &epoch;
  }
  ASSERT_LT(best->epoch, 9) << "the last epoch is the best: the test shows nothing";
  EXPECT_EQ(report.best_epoch, best->epoch);
  const auto elbo_of = [&](const char* name) {
    return Model::load(folder / name, device()).evaluate(data.validation, 0, recipe.train.seed).terms.elbo;
  };
  EXPECT_NEAR(elbo_of("model.safetensors"), best->validation->elbo, 1e-9 * std::abs(best->validation->elbo));
  const double last = report.epochs.back().validation->elbo;
  EXPECT_NEAR(elbo_of("last.safetensors"), last, 1e-9 * std::abs(last));
  EXPECT_EQ(Model::load(folder.path(), device()).evaluate(data.validation, 0, recipe.train.seed).terms.elbo,
            elbo_of("model.safetensors"));
}

TEST(Train, WithoutValidationTheBestModelIsTheLast) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const TrainReport report = train_into(folder.path(), small_recipe(), patterned_data(20, 0));
  EXPECT_EQ(report.best_epoch, 3);
  EXPECT_FALSE(report.epochs.back().validation.has_value());
  EXPECT_EQ(io::read_file(folder / "model.safetensors"), io::read_file(folder / "last.safetensors"));
}

TEST(Train, TheModelInMemoryIsTheLast) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const Dataset data = patterned_data(20, 10);
  Model model = make_model(small_recipe(), data);
  TrainOptions options = run_options(folder / "run");
  train(model, data, options);
  model.save(folder / "memory.safetensors");
  EXPECT_EQ(io::read_file(folder / "memory.safetensors"), io::read_file(folder / "run" / "last.safetensors"));
}

TEST(Train, MetricsAreOneJsonObjectAnEpoch) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const TrainReport report = train_into(folder.path(), small_recipe(), patterned_data(20, 10));
  std::istringstream lines(io::read_file(folder / "metrics.jsonl"));
  std::size_t epoch = 0;
  for (std::string line; std::getline(lines, line); ++epoch) {
    const auto json = nlohmann::json::parse(line);
    const EpochMetrics& expected = report.epochs.at(epoch);
    EXPECT_EQ(json["epoch"], epoch + 1);
    EXPECT_EQ(json["steps"], 3 * (epoch + 1));
    EXPECT_EQ(json["train"]["elbo"], expected.train.elbo);
    EXPECT_EQ(json["train"]["reconstruction"], expected.train.reconstruction);
    EXPECT_EQ(json["train"]["kl"], expected.train.kl);
    EXPECT_EQ(json["objective"], expected.objective);
    EXPECT_EQ(json["validation"]["elbo"], expected.validation->elbo);
    EXPECT_GT(json["seconds"], 0.0);
    EXPECT_GT(json["examples_per_second"], 0.0);
  }
  EXPECT_EQ(epoch, 3u);
  EXPECT_EQ(Recipe::from_file(folder / "recipe.toml").to_toml(), small_recipe().to_toml());
}

// A training reports the −ELBO, and the minimised objective beside it.
TEST(Train, TheObjectiveIsReportedBesideTheElbo) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(40, 0);
  const auto first_epoch = [&](auto change) {
    Recipe recipe = small_recipe();
    change(recipe);
    return train_anew(recipe, data, {}).epochs.front();
  };
  const EpochMetrics weighted = first_epoch([](Recipe& r) { r.objective.beta = 0.3; });
  EXPECT_NEAR(weighted.objective, weighted.train.reconstruction + 0.3 * weighted.train.kl, 1e-5);
  const EpochMetrics bound = first_epoch([](Recipe& r) {
    r.objective.kind = "iwae";
    r.objective.samples = 8;
    r.train.learning_rate = 1e-6;
  });
  EXPECT_NEAR(bound.train.elbo, -(bound.train.reconstruction + bound.train.kl), 1e-6);
  EXPECT_LT(bound.objective, -bound.train.elbo) << "the importance-weighted bound is tighter";
  EXPECT_GT(bound.objective, -bound.train.elbo - 2.0);
}

TEST(Train, MetricsWriteNotANumberAsNull) {
  EpochMetrics metrics;
  metrics.train.elbo = std::numeric_limits<double>::quiet_NaN();
  metrics.train.kl = std::numeric_limits<double>::infinity();
  metrics.validation.emplace();
  metrics.validation_objective = 1.5;
  const auto json = nlohmann::json::parse(to_json(metrics));
  EXPECT_TRUE(json["train"]["elbo"].is_null());
  EXPECT_TRUE(json["train"]["kl"].is_null());
  EXPECT_EQ(json["validation"]["objective"], 1.5);
}

TEST(Train, ANewRunReplacesTheOldOne) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const Dataset data = patterned_data(20, 0);
  Recipe longer = small_recipe();
  longer.train.epochs = 5;
  train_into(folder / "a", longer, data);
  train_into(folder / "a", small_recipe(), data);
  train_into(folder / "b", small_recipe(), data);
  expect_same_run(folder / "a", folder / "b");
}

TEST(Train, ABatchLargerThanTheDataIsAllOfIt) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(13, 0);
  Recipe recipe = small_recipe();
  recipe.train.batch = 1'000'000'000;
  const TrainReport large = train_anew(recipe, data, {});
  recipe.train.batch = 13;
  const TrainReport exact = train_anew(recipe, data, {});
  EXPECT_EQ(large.steps, 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(large.epochs[i].train.elbo, exact.epochs[i].train.elbo);
}

TEST(Train, OneExampleIsEnough) {
  ELBO_REQUIRE_DEVICE();
  const TrainReport report = train_anew(small_recipe(), patterned_data(1, 1), {});
  EXPECT_EQ(report.steps, 3);
  EXPECT_TRUE(std::isfinite(report.epochs.back().train.elbo));
}

TEST(Train, ZeroEpochsSaveTheInitialModel) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  Recipe recipe = small_recipe();
  recipe.train.epochs = 0;
  const Dataset data = patterned_data(20, 0);
  const TrainReport report = train_into(folder.path(), recipe, data);
  EXPECT_EQ(report.steps, 0);
  make_model(recipe, data).save(folder / "fresh");
  EXPECT_EQ(io::read_file(folder / "last.safetensors"), io::read_file(folder / "fresh"));
  EXPECT_EQ(Model::load(folder.path(), device()).dims(), 12);
}

TEST(Train, ProgressIsToldAtMostTenTimesASecond) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.train.epochs = 1'000'000;
  const Dataset data = patterned_data(40, 0);
  std::vector<Progress> told;
  std::vector<std::chrono::steady_clock::time_point> times;
  std::int64_t epochs_done = 0;
  TrainOptions options;
  options.on_progress = [&](const Progress& progress) {
    told.push_back(progress);
    times.push_back(std::chrono::steady_clock::now());
  };
  options.on_epoch = [&](const EpochMetrics& metrics) { EXPECT_EQ(metrics.epoch, ++epochs_done); };
  options.stop = [&] { return told.size() >= 3; };
  train_anew(recipe, data, options);
  ASSERT_FALSE(told.empty());
  for (std::size_t i = 1; i < times.size(); ++i)
    EXPECT_GE(times[i] - times[i - 1], std::chrono::milliseconds(99));
  for (const Progress& progress : told) {
    EXPECT_GE(progress.epoch, 1);
    EXPECT_LE(progress.epoch, 1'000'000);
    EXPECT_EQ(progress.epochs, 1'000'000);
    EXPECT_GE(progress.step, 1);
    EXPECT_LE(progress.step, 5);
    EXPECT_EQ(progress.steps_per_epoch, 5);
    EXPECT_GT(progress.train.reconstruction, 0.0);
    EXPECT_TRUE(std::isfinite(progress.train.elbo));
    EXPECT_GT(progress.examples_per_second, 0.0);
    EXPECT_GE(progress.seconds_left, 0.0);
  }
}

TEST(Train, RefusesDataThatDoesNotFit) {
  ELBO_REQUIRE_DEVICE();
  const Recipe recipe = small_recipe();
  const auto refuse = [&]<class E>(const Dataset& data, std::vector<std::string> fragments, E*) {
    TempFolder folder;
    Model model(recipe, 12, device());
    TrainOptions options = run_options(folder / "run");
    try {
      train(model, data, options);
      ADD_FAILURE() << "was accepted";
    } catch (const E& error) {
      for (const auto& fragment : fragments)
        EXPECT_NE(std::string(error.what()).find(fragment), std::string::npos) << error.what();
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "run")) << "nothing may be written";
  };
  Dataset empty;
  empty.name = "emptiness";
  empty.train.dims = 12;
  refuse(empty, {"emptiness", "no examples"}, static_cast<DataError*>(nullptr));
  refuse(patterned_data(10, 0, 7), {"12", "7"}, static_cast<ShapeError*>(nullptr));
  Dataset mixed = patterned_data(10, 0);
  mixed.validation = patterned_examples(5, 9, 3, true);
  refuse(mixed, {"12", "9", "validation"}, static_cast<ShapeError*>(nullptr));
  Dataset outside = patterned_data(10, 0, 12, false);
  outside.train.floats[40] = 1.5f;
  refuse(outside, {"1.5"}, static_cast<DataError*>(nullptr));
  Dataset missing = patterned_data(10, 5, 12, false);
  missing.validation.floats[3] = std::numeric_limits<float>::quiet_NaN();
  refuse(missing, {"validation"}, static_cast<DataError*>(nullptr));
}

// Standardisation changes the model's units, but not the reported density.
TEST(Train, StandardisedTrainingReportsTheDensityThatEvaluationDoes) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.model.likelihood = "gaussian";
  recipe.data.standardize = true;
  recipe.train.learning_rate = 1e-12;  // so that the epoch's average is of a single model
  recipe.train.epochs = 1;
  const Dataset data = patterned_data(2000, 0, 12, false);
  Model model = make_model(recipe, data);
  const ElboTerms trained = train(model, data).epochs.front().train;
  const ElboTerms evaluated = model.evaluate(data.train).terms;
  EXPECT_NEAR(trained.elbo, evaluated.elbo, 0.05 * std::abs(evaluated.elbo));
  EXPECT_NEAR(trained.reconstruction, evaluated.reconstruction, 0.3);
  EXPECT_NEAR(trained.kl, evaluated.kl, 1e-4 * evaluated.kl);
}

TEST(Train, AFolderIsForOneTrainingAtATime) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const Dataset data = patterned_data(20, 0);
  Model model = make_model(small_recipe(), data);
  TrainOptions options = run_options(folder / "run");
  int refused = 0;
  options.on_epoch = [&](const EpochMetrics&) {
    for (const bool resume : {false, true}) {
      try {
        train_into(folder / "run", small_recipe(), data, resume);
        ADD_FAILURE() << "two trainings shared a folder";
      } catch (const IoError& error) {
        const std::string message = error.what();
        ++refused;
        EXPECT_NE(message.find("another elbo is training in " + (folder / "run").string()), std::string::npos)
            << message;
        EXPECT_NE(message.find("(process " + std::to_string(getpid()) + ")"), std::string::npos) << message;
      }
    }
  };
  train(model, data, options);
  EXPECT_EQ(refused, 6);
  EXPECT_FALSE(std::filesystem::exists(folder / "run" / ".lock"));
  train_into(folder / "alone", small_recipe(), data);
  expect_same_run(folder / "run", folder / "alone");
  train_into(folder / "run", small_recipe(), data);  // free again
}

TEST(Train, ABatchLargerThanTheDataIsOneSmallerBatch) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.train.batch = 1000;
  const TrainReport report = train_anew(recipe, patterned_data(20, 3), {});
  EXPECT_EQ(report.steps, 3);
  EXPECT_TRUE(std::isfinite(report.epochs.back().validation->elbo));
}

TEST(Train, MemoryThatCannotBeHadIsADeviceError) {
  const auto throwing = [](auto error) { return [error]() -> int { throw error; }; };
  EXPECT_THROW(with_memory_errors(throwing(std::bad_alloc())), OutOfMemoryError);
  EXPECT_THROW(with_memory_errors(throwing(std::length_error("vector"))), OutOfMemoryError);
  EXPECT_THROW(with_memory_errors(throwing(DataError("other"))), DataError);
  EXPECT_EQ(with_memory_errors([] { return 7; }), 7);
}

TEST(Train, AFolderThatCannotBeWrittenIsNamed) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  io::write_file(folder / "file", "in the way");
  try {
    train_into(folder / "file" / "run", small_recipe(), patterned_data(10, 0));
    FAIL() << "trained into a folder that cannot be";
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find((folder / "file").string()), std::string::npos) << error.what();
  }
  EXPECT_EQ(io::read_file(folder / "file"), "in the way");
}

}  // namespace
}  // namespace elbo::test
