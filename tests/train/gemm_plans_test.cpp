// Plans of a GPU's products: measured, kept, and used again in a resumed training. The test's own stopwatch
// decides which is the fastest; nothing is really timed.

#include "train/gemm_plans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "io/file.h"
#include "io/safetensors.h"
#include "recipe/data_settings.h"
#include "support/temp_folder.h"
#include "support/training.h"

#define ELBO_REQUIRE_PLANS() \
  ELBO_REQUIRE_DEVICE();     \
  if (!device().is_cuda()) GTEST_SKIP() << "the CPU's products have no plans"

namespace elbo::test {
namespace {

/// Each trial is faster than the previous one, so the last candidate wins.
struct LastIsFastest {
  int calls = 0;
  ops::Stopwatch stopwatch() {
    return [this](const std::function<void()>& work) {
      work();
      return 1.0 / (1 << ++calls % 24);
    };
  }
};

TEST(GemmTuner, TakesTheFastestAndKeepsTheExpectedAmongEquals) {
  ELBO_REQUIRE_PLANS();
  Context context(device());
  for (const auto kind :
       {ops::GemmKind::forward, ops::GemmKind::backward_input, ops::GemmKind::backward_params}) {
    const ops::GemmKey key{40, 36, 260, kind, Precision::tf32};
    const auto plans = ops::candidates(key, ops::gemm_limits(context));
    ASSERT_GT(plans.size(), 1u);
    const auto equal = [](const std::function<void()>&) { return 1.0; };
    EXPECT_EQ(ops::fastest_plan(context, key, equal), plans.front());
    LastIsFastest last;
    const auto fastest = ops::fastest_plan(context, key, last.stopwatch());
    EXPECT_GT(last.calls, 1);
    ASSERT_TRUE(fastest);
    EXPECT_NE(*fastest, plans.front());
    EXPECT_NE(std::ranges::find(plans, *fastest), plans.end());
    context.synchronize();
  }
}

TEST(GemmTuner, NamesNoPlanWhereThereIsNoMemoryToTry) {
  ELBO_REQUIRE_PLANS();
  Context context(device());
  constexpr std::int64_t kLarge = std::int64_t{1} << 22;
  int calls = 0;
  const auto counting = [&](const std::function<void()>&) { return 1.0 / ++calls; };
  for (const auto kind : {ops::GemmKind::forward, ops::GemmKind::backward_params}) {
    EXPECT_FALSE(ops::fastest_plan(context, {kLarge, kLarge, kLarge, kind, Precision::tf32}, counting));
  }
  EXPECT_EQ(calls, 0);
  Buffer<float> small(context, 4);
  small.fill_zero();
  EXPECT_EQ(small.to_host(), std::vector<float>(4)) << "the device was left in error";
}

TEST(StoredPlans, AreReadBackAndNothingElseIs) {
  const StoredPlans stored{"a GPU, driver 1", {{"forward_m1_n2_k3_fp32", "blas_fp32"}, {"b", "c"}}};
  const StoredPlans read = StoredPlans::from_text(stored.to_text());
  EXPECT_EQ(read.device, stored.device);
  EXPECT_EQ(read.plans, stored.plans);
  for (const char* text : {"", "{", "[]", "{\"device\": 3, \"plans\": {}}", "{\"device\": \"x\"}",
                           "{\"device\": \"x\", \"plans\": {\"a\": 1}}"}) {
    EXPECT_TRUE(StoredPlans::from_text(text).plans.empty()) << text;
    EXPECT_TRUE(StoredPlans::from_text(text).device.empty()) << text;
  }
}

/// A model with layers wide enough for several candidates per product.
struct Made {
  Made() : data(patterned_data(27, 0)), model(recipe(), data.dims(), device()) {
    ModelState& state = state_of(model);
    resident = data::ResidentData(*state.context, data.train);
    preprocessor.emplace(*state.context, state.recipe.data.binarize, true, state.standard_mean,
                         state.standard_deviation);
  }
  static Recipe recipe() {
    Recipe recipe = small_recipe();
    recipe.train.precision = Precision::tf32;
    recipe.model.encoder = {150};
    recipe.model.decoder = {150};
    recipe.train.epochs = 2;
    return recipe;
  }
  StoredPlans plans(const PlanSources& sources) {
    make_step_graphs(state_of(model), resident, *preprocessor, sources);
    return stored_plans(state_of(model));
  }

  Dataset data;
  Model model;
  data::ResidentData resident;
  std::optional<data::Preprocessor> preprocessor;
};

TEST(GemmPlans, AreMeasuredOnceAndThenReadFromTheCache) {
  ELBO_REQUIRE_PLANS();
  const TempFolder folder;
  LastIsFastest last;
  Made made;
  const StoredPlans predicted = made.plans({});
  EXPECT_FALSE(predicted.plans.empty());
  const StoredPlans measured = made.plans({{}, folder.path(), last.stopwatch()});
  EXPECT_GT(last.calls, 0);
  EXPECT_NE(measured.plans, predicted.plans);
  const int before = last.calls;
  EXPECT_EQ(Made().plans({{}, folder.path(), last.stopwatch()}).plans, measured.plans);
  EXPECT_EQ(last.calls, before) << "products in the cache were measured again";
  EXPECT_EQ(Made().plans({{}, folder.path(), {}}).plans, measured.plans);
  EXPECT_EQ(made.plans({}).plans, predicted.plans) << "without a cache, the prediction";
  EXPECT_EQ(Made().plans({measured, {}, {}}).plans, measured.plans) << "a resumed training takes its own";
  EXPECT_EQ(Made().plans({{"another GPU", measured.plans}, {}, {}}).plans, predicted.plans);
}

TEST(GemmPlans, ACacheThatIsNoUseIsDoneWithout) {
  ELBO_REQUIRE_PLANS();
  const TempFolder folder;
  LastIsFastest last;
  const StoredPlans measured = Made().plans({{}, folder / "good", last.stopwatch()});
  std::filesystem::path file;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "good")) file = entry.path();
  ASSERT_FALSE(file.empty());
  const std::string good = io::read_file(file);
  for (const std::string& text : {std::string("not JSON"), good.substr(0, good.size() / 2),
                                  StoredPlans{"another GPU", measured.plans}.to_text()}) {
    io::write_file(file, text);
    last.calls = 0;
    EXPECT_EQ(Made().plans({{}, folder / "good", last.stopwatch()}).plans, measured.plans);
    EXPECT_GT(last.calls, 0) << "it was trusted: " << text;
    EXPECT_EQ(io::read_file(file), good) << "it was not corrected";
  }
  io::write_file(folder / "file", "no folder");
  last.calls = 0;
  EXPECT_EQ(Made().plans({{}, folder / "file" / "cache", last.stopwatch()}).plans, measured.plans);
}

/// Sets $XDG_CACHE_HOME during its lifetime.
class CacheHome {
 public:
  explicit CacheHome(const std::filesystem::path& folder) {
    if (const char* before = std::getenv(kName)) before_ = before;
    setenv(kName, folder.c_str(), 1);
  }
  ~CacheHome() { before_ ? setenv(kName, before_->c_str(), 1) : unsetenv(kName); }
  CacheHome(const CacheHome&) = delete;
  CacheHome& operator=(const CacheHome&) = delete;

 private:
  static constexpr const char* kName = "XDG_CACHE_HOME";
  std::optional<std::string> before_;
};

StoredPlans plans_of_checkpoint(const std::filesystem::path& file) {
  return StoredPlans::from_text(io::SafetensorsFile(file).text("training.products"));
}

// The cache's plans change the order of sums. A stopped run that is resumed with another cache must not
// change.
TEST(GemmPlans, AResumedTrainingRunsByThePlansThatItBeganWith) {
  ELBO_REQUIRE_PLANS();
  const TempFolder folder;
  const CacheHome home(folder / "cache");
  LastIsFastest last;
  const auto cache = folder / "cache" / "elbo" / "products";
  const StoredPlans measured = Made().plans({{}, cache, last.stopwatch()});
  const Made made;
  train_into(folder / "whole", Made::recipe(), made.data);
  TrainOptions options = run_options(folder / "stopped");
  options.stop = [left = 3]() mutable { return left-- == 0; };
  ASSERT_TRUE(train_anew(Made::recipe(), made.data, options).interrupted);
  EXPECT_EQ(plans_of_checkpoint(folder / "stopped" / "checkpoint.safetensors").plans, measured.plans);
  std::filesystem::remove_all(cache);
  train_into(folder / "stopped", Made::recipe(), made.data, true);
  expect_same_run(folder / "stopped", folder / "whole");

  Recipe untuned = Made::recipe();
  untuned.train.tune = false;
  options.folder = folder / "turned";
  options.stop = [left = 3]() mutable { return left-- == 0; };
  const StoredPlans anew = Made().plans({{}, cache, last.stopwatch()});
  ASSERT_TRUE(train_anew(Made::recipe(), made.data, options).interrupted);
  train_into(folder / "turned", untuned, made.data, true);
  EXPECT_EQ(plans_of_checkpoint(folder / "turned" / "checkpoint.safetensors").plans, anew.plans)
      << "resumed without the tuner";
  train_into(folder / "untuned", untuned, made.data);
  EXPECT_NE(plans_of_checkpoint(folder / "untuned" / "checkpoint.safetensors").plans, anew.plans);
}

}  // namespace
}  // namespace elbo::test
