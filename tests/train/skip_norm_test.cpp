// Steps that train.skip_norm skips: a step with a huge gradient changes nothing and is counted; the reports
// of skipped steps; and the point at which a training gives up.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <sstream>

#include "elbo/error.h"
#include "model/model_file.h"
#include "recipe/data_settings.h"
#include "support/temp_folder.h"
#include "support/recipe_variants.h"
#include "support/training.h"
#include "train/step_graphs.h"

namespace elbo::test {
namespace {

constexpr std::int64_t kSpike = 13;  ///< the example with extreme values

/// 27 examples, one of which makes its batch's gradient huge.
Dataset data_with_spike(float size) {
  Dataset data = patterned_data(27, 0, 12, false);
  for (std::int64_t j = 0; j < data.train.dims; ++j)
    data.train.floats[static_cast<std::size_t>(kSpike * data.train.dims + j)] *= size;
  return data;
}

/// A recipe with a parameter that the likelihood moves itself, and with an average of the weights.
Recipe skipping_recipe() {
  Recipe recipe = small_recipe();
  recipe.model.kind = "autoencoder";  // avoids the exponential of a code, which may overflow
  recipe.model.likelihood = "gaussian-shared";
  recipe.train.ema = 0.5;
  recipe.train.skip_norm = 1e4;
  return recipe;
}

/// Everything that a step may change.
struct Everything {
  std::vector<float> values, first_moment, second_moment, average;
  friend bool operator==(const Everything&, const Everything&) = default;
};

Everything everything_of(Context& context, nn::Parameters& parameters) {
  return {to_host(context, parameters.values()), to_host(context, parameters.first_moment()),
          to_host(context, parameters.second_moment()), to_host(context, parameters.average())};
}

TEST(SkipNorm, AStepWithAPlantedSpikeMovesNothingAndIsCounted) {
  ELBO_REQUIRE_DEVICE();
  const Recipe recipe = skipping_recipe();
  const Dataset data = data_with_spike(-1e5f);
  Model model = make_model(recipe, data);
  Context& context = *state_of(model).context;
  nn::Parameters& parameters = state_of(model).vae->parameters();
  const data::ResidentData resident(context, data.train);
  const data::Preprocessor preprocessor(context, recipe.data.binarize, false, {}, {});
  StepGraphs runner(state_of(model), resident, preprocessor, {.graph_steps = 1});
  CostRecord record;
  std::uint64_t skipped = 0;
  for (std::int64_t epoch = 1; epoch <= 3; ++epoch) {
    const auto order = data::epoch_permutation(data.train.count, recipe.train.seed, epoch);
    const auto spike = std::ranges::find(order, kSpike) - order.begin();
    runner.begin(epoch, 0, (epoch - 1) * runner.steps_per_epoch(), record.of_next_epoch());
    for (std::int64_t step = 0; step < runner.steps_per_epoch(); ++step) {
      SCOPED_TRACE("epoch " + std::to_string(epoch) + ", step " + std::to_string(step));
      const Everything before = everything_of(context, parameters);
      runner.launch();
      const Everything after = everything_of(context, parameters);
      const bool has_spike = spike / recipe.train.batch == step;
      skipped += has_spike;
      context.copy_to_host(&record, runner.record(), sizeof record);
      context.synchronize();
      EXPECT_EQ(after == before, has_spike);
      EXPECT_EQ(record.skipped.total, skipped);
      EXPECT_EQ(record.skipped.in_a_row, has_spike ? 1u : 0u);
      EXPECT_EQ(record.first_bad_step, 0u);
    }
  }
  EXPECT_EQ(skipped, 3u);
  EXPECT_GT(record.skipped.last_norm, recipe.train.skip_norm);
}

TEST(SkipNorm, WithoutItTheSpikeRuinsTheTraining) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = data_with_spike(-1e5f);
  Recipe recipe = skipping_recipe();
  recipe.train.epochs = 20;
  const auto other_cost = [&] {
    Model model = make_model(recipe, data);
    train(model, data);
    return model.evaluate(patterned_examples(20, 12, 3, false)).squared_error;
  };
  const double skipping = other_cost();
  recipe.train.skip_norm = 0.0;
  EXPECT_LT(skipping, 0.5 * other_cost());
}

TEST(SkipNorm, ReportAndMetricsHaveTheCount) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const TrainReport report = train_into(folder.path(), skipping_recipe(), data_with_spike(-1e5f));
  EXPECT_EQ(report.skipped_steps, 3);
  EXPECT_EQ(report.steps, 12);
  std::istringstream lines(io::read_file(folder / "metrics.jsonl"));
  std::int64_t epoch = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(nlohmann::json::parse(line).at("skipped_steps"), ++epoch) << "one per epoch, since the start";
  }
  EXPECT_EQ(epoch, 3);
  const TrainReport plain = train_into(folder.path(), small_recipe(), patterned_data(27, 0));
  EXPECT_EQ(plain.skipped_steps, 0);
  EXPECT_EQ(io::read_file(folder / "metrics.jsonl").find("skipped_steps"), std::string::npos);
}

// The variants in other tests of trainings must skip steps, or those tests would show nothing.
TEST(SkipNorm, VariantsSkipSomeOfTheirSteps) {
  ELBO_REQUIRE_DEVICE();
  int variants = 0;
  for (const RecipeVariant& variant : recipe_variants()) {
    if (variant.recipe().train.skip_norm == 0.0) continue;
    SCOPED_TRACE(variant.name);
    ++variants;
    const TrainReport report = train_anew(variant.recipe(), variant.data(27, 10), {});
    EXPECT_GT(report.skipped_steps, 0);
    EXPECT_LT(report.skipped_steps, report.steps);
  }
  EXPECT_EQ(variants, 3);
}

/// The message of a training that gives up, and its step.
std::pair<std::string, std::int64_t> given_up(const Recipe& recipe, const Dataset& data,
                                              const TrainOptions& options = {}) {
  try {
    train_anew(recipe, data, options);
  } catch (const DivergedError& error) {
    return {error.what(), error.step()};
  }
  return {};
}

TEST(SkipNorm, ATrainingThatOnlySkipsGivesUp) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.train.skip_norm = 1e-6;
  recipe.train.epochs = 1000;
  const auto [message, step] = given_up(recipe, patterned_data(27, 10));
  EXPECT_EQ(step, 20);
  for (const char* part : {"20 steps in a row were skipped", "train.skip_norm (it is 1e-06)", "epoch 5"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
}

// Stopped after 12 steps and resumed, the row is as long as without a stop.
TEST(SkipNorm, ARowGoesOnWhereATrainingIsResumed) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const Dataset data = patterned_data(27, 10);
  Recipe recipe = small_recipe();
  recipe.train.skip_norm = 1e-6;
  recipe.train.epochs = 1000;
  TrainOptions options = run_options(folder / "run");
  options.on_epoch = [&](const EpochMetrics& metrics) {
    options.stop = [stop = metrics.epoch == 3] { return stop; };
  };
  EXPECT_TRUE(train_anew(recipe, data, options).interrupted);
  EXPECT_EQ(given_up(recipe, data, run_options(folder / "run", true)).second, 20);
}

TEST(SkipNorm, ALossThatIsNoNumberStillEndsTheTraining) {
  ELBO_REQUIRE_DEVICE();
  const auto [message, step] = given_up(skipping_recipe(), data_with_spike(1e30f));
  EXPECT_GT(step, 0);
  EXPECT_LE(step, 4) << "in the first epoch";
  EXPECT_NE(message.find("loss"), std::string::npos) << message;
}

}  // namespace
}  // namespace elbo::test
