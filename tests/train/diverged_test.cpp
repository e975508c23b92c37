// Failing trainings: a loss that is NaN, and a full disk. The last good checkpoint stays.

#include <gtest/gtest.h>

#include <signal.h>
#include <sys/resource.h>

#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "elbo/error.h"
#include "model/model_file.h"
#include "recipe/data_settings.h"
#include "support/temp_folder.h"
#include "support/training.h"
#include "train/step_graphs.h"

namespace elbo::test {
namespace {

/// A learning rate that leads from good losses to NaN within a few steps.
Recipe diverging_recipe() {
  Recipe recipe = small_recipe();
  recipe.model.likelihood = "gaussian-learned";
  recipe.train.learning_rate = 1e7;
  recipe.train.epochs = 50;
  return recipe;
}

std::int64_t diverged_step(const Recipe& recipe, const Dataset& data, const TrainOptions& options,
                           std::string* message) {
  try {
    train_anew(recipe, data, options);
  } catch (const DivergedError& error) {
    *message = error.what();
    return error.step();
  }
  return 0;
}

TEST(Diverged, NamesTheFirstBadStep) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(800, 0, 12, false);  // many steps per epoch: noticed late
  const Recipe recipe = diverging_recipe();
  std::string message;
  const std::int64_t step = diverged_step(recipe, data, {}, &message);
  ASSERT_GT(step, 1) << "did not diverge: the test shows nothing";
  EXPECT_NE(message.find("step " + std::to_string(step)), std::string::npos) << message;
  EXPECT_NE(message.find("learning_rate"), std::string::npos) << message;
  EXPECT_NE(message.find("clip_norm"), std::string::npos) << message;
  EXPECT_NE(message.find("weight_decay"), std::string::npos) << message;

  Recipe staged = recipe;  // the third epoch diverges, at its own rate
  staged.train.schedule = "staged";
  staged.train.stage_epochs = {2, 48};
  staged.train.stage_rates = {1e-6, 3e7};
  ASSERT_GT(diverged_step(staged, data, {}, &message), 0);
  EXPECT_NE(message.find("lower train.stage_rates (that of this step is 3e+07)"), std::string::npos)
      << message;
  EXPECT_EQ(message.find("train.learning_rate"), std::string::npos) << message;

  // The same steps, checked one by one.
  Model model = make_model(recipe, data);
  Context& context = *state_of(model).context;
  const data::ResidentData resident(context, data.train);
  const data::Preprocessor preprocessor(context, recipe.data.binarize, false, {}, {});
  StepGraphs runner(state_of(model), resident, preprocessor, {.graph_steps = 1});
  runner.begin(1, 0, 0, {});
  for (std::int64_t i = 1; i <= step; ++i) {
    ASSERT_LE(i, runner.steps_per_epoch());
    runner.launch();
    CostRecord record;
    context.copy_to_host(&record, runner.record(), sizeof record);
    context.synchronize();
    EXPECT_EQ(std::isfinite(record.sums[0] + record.sums[1]), i < step) << "step " << i;
  }
}

/// A training whose first weight becomes NaN after an epoch, as after a diverged step. The run is then
/// resumed and must end as if this had not happened.
class Spoiled {
 public:
  /// The error's message and step.
  std::pair<std::string, std::int64_t> train_until_spoiled(std::int64_t epoch,
                                                           std::function<bool()> stop = {}) {
    Model model = make_model(small_recipe(), data_);
    TrainOptions options = run_options(folder_ / "run");
    options.stop = std::move(stop);
    options.on_epoch = [&](const EpochMetrics& metrics) {
      const float nan = std::numeric_limits<float>::quiet_NaN();
      if (metrics.epoch != epoch) return;
      state_of(model).context->copy_to_device(state_of(model).vae->parameters().values().data, &nan,
                                              sizeof nan);
    };
    try {
      train(model, data_, options);
    } catch (const DivergedError& error) {
      return {error.what(), error.step()};
    }
    return {};
  }
  void expect_resumed_as_if_nothing_had_been() {
    train_into(folder_ / "whole", small_recipe(), data_);
    train_into(folder_ / "run", small_recipe(), data_, true);
    expect_same_run(folder_ / "run", folder_ / "whole");
  }
  std::string run() const { return (folder_ / "run").string(); }

 private:
  Dataset data_ = patterned_data(27, 10);
  TempFolder folder_;
};

TEST(Diverged, KeepsTheLastGoodCheckpoint) {
  ELBO_REQUIRE_DEVICE();
  Spoiled spoiled;
  const auto [message, step] = spoiled.train_until_spoiled(2);
  EXPECT_EQ(step, 9);
  EXPECT_NE(message.find("step 8"), std::string::npos) << message;
  EXPECT_NE(message.find(spoiled.run()), std::string::npos) << message;
  spoiled.expect_resumed_as_if_nothing_had_been();
}

TEST(Diverged, AStopAfterItSavesNothing) {
  ELBO_REQUIRE_DEVICE();
  Spoiled spoiled;
  EXPECT_EQ(spoiled.train_until_spoiled(1, [left = 5]() mutable { return left-- == 0; }).second, 5);
  spoiled.expect_resumed_as_if_nothing_had_been();
}

TEST(Diverged, WithoutAFolderItIsSaidThatNothingIsKept) {
  ELBO_REQUIRE_DEVICE();
  std::string message;
  EXPECT_GT(diverged_step(diverging_recipe(), patterned_data(27, 0, 12, false), {}, &message), 0);
  EXPECT_NE(message.find("no checkpoint"), std::string::npos) << message;
}

/// Like a full disk: during its lifetime, a file cannot grow beyond `bytes`, and a write beyond fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

/// The message of the IoError that ends a training under the limit.
std::string train_within(rlim_t bytes, const std::filesystem::path& run, const Recipe& recipe,
                         const Dataset& data) {
  const FileSizeLimit limit(bytes);
  try {
    train_into(run, recipe, data, true);
  } catch (const IoError& error) {
    return error.what();
  }
  return "no error";
}

class FullDisk : public testing::TestWithParam<const char*> {};

// The disk becomes full while one of the files is written; the checkpoint is the largest.
TEST_P(FullDisk, TheLastGoodCheckpointStays) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(27, 10);
  TempFolder folder;
  Recipe longer = small_recipe();
  longer.train.epochs = 5;
  train_into(folder / "whole", longer, data);
  const auto run = folder / "run";
  train_into(run, small_recipe(), data);
  const std::string checkpoint = io::read_file(run / "checkpoint.safetensors");
  const std::string metrics = io::read_file(run / "metrics.jsonl");

  const auto size = static_cast<rlim_t>(std::filesystem::file_size(run / GetParam()));
  const std::string message = train_within(size - 1, run, longer, data);
  EXPECT_NE(message.find(GetParam()), std::string::npos) << message;
  EXPECT_NE(message.find("cannot write"), std::string::npos) << message;
  EXPECT_TRUE(io::read_file(run / "checkpoint.safetensors") == checkpoint);
  EXPECT_TRUE(io::read_file(run / "metrics.jsonl").starts_with(metrics));
  for (const auto& entry : std::filesystem::directory_iterator(run))
    EXPECT_NE(entry.path().extension(), ".part");

  train_into(run, longer, data, true);  // with free space again
  for (const char* name : {"last.safetensors", "checkpoint.safetensors"}) {
    EXPECT_TRUE(io::read_file(run / name) == io::read_file(folder / "whole" / name)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(At, FullDisk,
                         testing::Values("recipe.toml", "last.safetensors", "checkpoint.safetensors"),
                         [](const auto& tested) {
                           const std::string name = tested.param;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace elbo::test
