// Steps as graphs: their structure, and that the number of steps per graph does not change results.

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "elbo/error.h"
#include "model/model_file.h"
#include "recipe/data_settings.h"
#include "support/allocations.h"
#include "support/data.h"
#include "support/recipe_variants.h"
#include "support/resident.h"
#include "support/training.h"
#include "train/step_graphs.h"

namespace elbo::test {
namespace {

/// A model in training on patterns, with graphs of `graph_steps` steps.
class StepRun {
 public:
  StepRun(const Recipe& recipe, const Dataset& data, int graph_steps, bool overlap = false)
      : StepRun(recipe, data, StepGraphOptions{.graph_steps = graph_steps, .overlap = overlap}) {}
  StepRun(const Recipe& recipe, const Dataset& data, const StepGraphOptions& options)
      : model_(recipe, data.dims(), device(), data.picture),
        context_(*state_of(model_).context),
        resident_(resident_of(model_, data.train)),
        preprocessor_(context_, recipe.data.binarize, !data.train.bytes.empty(), {}, {}),
        runner_(state_of(model_), resident_, preprocessor_, options) {}

  /// Runs whole epochs; returns the number of launches.
  int epochs(int count) {
    int launches = 0;
    for (int epoch = 0; epoch < count; ++epoch) {
      const std::int64_t steps = runner_.steps_per_epoch();
      runner_.begin(epoch + 1, 0, epoch * steps, {});
      for (std::int64_t given = 0; given < steps; ++launches) given += runner_.launch();
    }
    return launches;
  }
  StepGraphs& runner() { return runner_; }
  std::vector<float> values() { return to_host(context_, state_of(model_).vae->parameters().values()); }
  CostRecord record() {
    CostRecord record;
    context_.copy_to_host(&record, runner_.record(), sizeof record);
    context_.synchronize();
    return record;
  }

 private:
  Model model_;
  Context& context_;
  data::ResidentData resident_;
  data::Preprocessor preprocessor_;
  StepGraphs runner_;
};

/// The network whose critical path is counted, for data of 784 values.
Recipe deep_recipe() {
  Recipe recipe = small_recipe();
  recipe.model.encoder = {400, 400};
  recipe.model.decoder = {400, 400};
  recipe.model.latent = 20;
  recipe.train.batch = 128;
  recipe.train.precision = Precision::tf32;
  return recipe;
}

TEST(StepGraph, TheCriticalPathOfAStepIsThirteenNodes) {
  ELBO_REQUIRE_DEVICE();
  if (!device().is_cuda()) GTEST_SKIP() << "the CPU has no graphs";
  const Dataset data = patterned_data(1024, 0, 784);
  for (const int steps : {1, 2, 8}) {
    StepRun run(deep_recipe(), data, steps);
    ASSERT_EQ(run.runner().graph_steps(), steps);
    const GraphShape shape = run.runner().largest_graph().shape();
    EXPECT_LE(shape.longest_path, 13u * static_cast<unsigned>(steps));
    // There are 13 nodes on the main line; five for gradients; and costs, counters and the next batch.
    EXPECT_LE(shape.nodes, 21u * static_cast<unsigned>(steps));
  }
}

// The norm needs all gradients: two nodes to clip and one to step follow the last gradient.
TEST(StepGraph, ClippingAddsNoMoreThanItMust) {
  ELBO_REQUIRE_DEVICE();
  if (!device().is_cuda()) GTEST_SKIP() << "the CPU has no graphs";
  Recipe recipe = deep_recipe();
  recipe.train.clip_norm = 1.0;
  StepRun run(recipe, patterned_data(1024, 0, 784), 2);
  EXPECT_LE(run.runner().largest_graph().shape().longest_path, 2u * 16u);
}

// Two nodes compute the norm and clip, and one decides about skipping.
TEST(StepGraph, SkippingAddsOneNodeToClipping) {
  ELBO_REQUIRE_DEVICE();
  if (!device().is_cuda()) GTEST_SKIP() << "the CPU has no graphs";
  for (const double clip_norm : {0.0, 1.0}) {
    Recipe recipe = deep_recipe();
    recipe.train.skip_norm = 10.0;
    recipe.train.clip_norm = clip_norm;
    StepRun run(recipe, patterned_data(1024, 0, 784), 2);
    EXPECT_LE(run.runner().largest_graph().shape().longest_path, 2u * 17u);
  }
}

class StepGraphVariants : public testing::TestWithParam<RecipeVariant> {};

// 83 examples in batches of 8: ten full steps, that is 8 + 2 or 4 + 4 + 2, and one with a shorter batch.
TEST_P(StepGraphVariants, ManyStepsInOneGraphGiveTheSameBytes) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = GetParam().recipe();
  recipe.data.standardize = false;
  const Dataset data = GetParam().data(83, 0);
  StepRun one(recipe, data, 1), four(recipe, data, 4), eight(recipe, data, 8);
  EXPECT_EQ(one.epochs(2), 22);
  const bool unrolled = device().is_cuda() && recipe.train.accumulation_steps == 1;
  EXPECT_EQ(four.epochs(2), unrolled ? 8 : 22);
  EXPECT_EQ(eight.epochs(2), unrolled ? 6 : 22);
  const CostRecord record = one.record();
  EXPECT_GT(record.sums[0], 0.0);
  EXPECT_EQ(record.first_bad_step, 0u);
  for (StepRun* run : {&four, &eight}) {
    EXPECT_EQ(run->values(), one.values());
    EXPECT_EQ(run->record().sums[0], record.sums[0]);
    EXPECT_EQ(run->record().sums[1], record.sums[1]);
    EXPECT_EQ(run->record().sums[2], record.sums[2]);
  }
}

TEST_P(StepGraphVariants, AStepTakesNothingFromTheHeap) {
  ELBO_REQUIRE_DEVICE();
  if (device().is_cuda()) GTEST_SKIP() << "a graph that allocates cannot be recorded";
  if (sanitized()) GTEST_SKIP() << "ASan has operator new";
  const Dataset data = GetParam().data(43, 0);
  StepRun run(GetParam().recipe(), data, 1);
  run.epochs(1);
  StepGraphs& runner = run.runner();
  runner.begin(2, 0, runner.steps_per_epoch(), {});
  const std::int64_t before = allocations();
  for (std::int64_t given = 0; given < runner.steps_per_epoch();) given += runner.launch();
  EXPECT_EQ(allocations(), before);
  std::vector<int> some(1);
  EXPECT_GT(allocations(), before) << "they are counted";
}

INSTANTIATE_TEST_SUITE_P(Recipes, StepGraphVariants, testing::ValuesIn(recipe_variants()), VariantName());

TEST(StepGraph, AnEpochGoesOnAnywhere) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(83, 0);
  StepRun whole(small_recipe(), data, 4), parts(small_recipe(), data, 4);
  whole.epochs(1);
  StepGraphs& runner = parts.runner();
  CostRecord so_far;
  std::int64_t position = 0;
  for (const std::int64_t stop : {3, 4, 9, 11}) {
    runner.begin(1, position, position, so_far);
    while (position < stop) position += runner.launch();
    so_far = parts.record();
  }
  EXPECT_EQ(position, 11);
  EXPECT_EQ(parts.values(), whole.values());
  EXPECT_EQ(so_far.sums[0], whole.record().sums[0]);
}

// Matters on a GPU that supports it; elsewhere the option has no effect.
TEST(StepGraph, OverlappingGridsGiveTheSameBytes) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(83, 0);
  StepRun apart(small_recipe(), data, 4), overlapping(small_recipe(), data, 4, true);
  apart.epochs(2);
  overlapping.epochs(2);
  EXPECT_EQ(overlapping.values(), apart.values());
}

TEST(StepGraph, TheEnvironmentSaysWhetherGridsOverlap) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(17, 0);
  const Recipe recipe = small_recipe();
  Model model(recipe, data.dims(), device());
  const data::ResidentData resident(*state_of(model).context, data.train);
  const data::Preprocessor preprocessor(*state_of(model).context, recipe.data.binarize, true, {}, {});
  const auto make = [&](const char* text) {
    const Environment environment("ELBO_GRID_OVERLAP", text);
    StepGraphs runner(state_of(model), resident, preprocessor, {.graph_steps = 1});
  };
  for (const char* right : {"", "0", "1"}) EXPECT_NO_THROW(make(right)) << right;
  for (const char* wrong : {"2", "yes", "1 "}) EXPECT_THROW(make(wrong), ConfigError) << wrong;
}

TEST(StepGraph, StepsThatRunFirstChangeNothing) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.train.ema = 0.9;
  const Dataset data = patterned_data(83, 0);  // the last step is not full
  const auto trained = [&](bool runs_first) {
    StepRun run(recipe, data, {.graph_steps = 2, .overlap = false, .runs_first = runs_first});
    run.epochs(2);
    return std::pair(run.values(), std::to_array(run.record().sums));
  };
  const auto [values, sums] = trained(false);
  const auto [values_after, sums_after] = trained(true);
  EXPECT_EQ(values, values_after);
  EXPECT_EQ(sums, sums_after);
}

TEST(StepGraph, TheEnvironmentSaysHowManySteps) {
  ELBO_REQUIRE_DEVICE();
  if (!device().is_cuda()) GTEST_SKIP() << "the CPU has no graphs";
  const Dataset data = patterned_data(83, 0);
  const auto graph_steps = [&](const char* text) {
    const Environment environment("ELBO_GRAPH_STEPS", text);
    return StepRun(small_recipe(), data, 0).runner().graph_steps();
  };
  EXPECT_EQ(graph_steps("1"), 1);
  EXPECT_EQ(graph_steps("4"), 4);
  EXPECT_EQ(graph_steps("7"), 4) << "rounded down to a power of two";
  EXPECT_EQ(graph_steps("1000"), 8) << "no more than an epoch has";
  for (const char* wrong : {"0", "-2", "two", "4 steps", "100000"}) {
    EXPECT_THROW(graph_steps(wrong), ConfigError) << wrong;
  }
}

}  // namespace
}  // namespace elbo::test
