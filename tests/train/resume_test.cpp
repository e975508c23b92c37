// A training that was stopped, killed or cut off is resumed bitwise as if it had not been.

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <map>
#include <thread>

#include "elbo/error.h"
#include "support/child_process.h"
#include "support/data.h"
#include "support/temp_folder.h"
#include "support/recipe_variants.h"
#include "support/training.h"

namespace elbo::test {
namespace {

/// 27 examples in batches of 8: four steps per epoch, the last with a shorter batch.
Dataset resume_data() {
  return patterned_data(27, 10);
}

/// Trains until this call has taken `steps` steps, which a GPU gets one by one. Returns false if the training
/// ended before.
bool train_for(std::int64_t steps, const std::filesystem::path& folder, const Recipe& recipe,
               const Dataset& data, bool resume) {
  const Environment environment("ELBO_GRAPH_STEPS", "1");
  TrainOptions options = run_options(folder, resume);
  options.stop = [left = steps]() mutable { return left-- == 0; };
  return train_anew(recipe, data, options).interrupted;
}

class ResumedVariants : public testing::TestWithParam<RecipeVariant> {};

TEST_P(ResumedVariants, StoppedInMidEpoch) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = GetParam().recipe();
  const Dataset data = GetParam().data(27, 10);
  TempFolder folder;
  train_into(folder / "whole", recipe, data);
  ASSERT_TRUE(train_for(6, folder / "stopped", recipe, data, false));
  const TrainReport report = train_into(folder / "stopped", recipe, data, true);
  EXPECT_EQ(report.steps, 12);
  EXPECT_EQ(report.epochs.size(), 2u);
  expect_same_run(folder / "stopped", folder / "whole");
}

INSTANTIATE_TEST_SUITE_P(Recipes, ResumedVariants, testing::ValuesIn(recipe_variants()), VariantName());

TEST(Resume, StoppedAtEveryStep) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  train_into(folder / "whole", small_recipe(), data);
  for (std::int64_t steps = 0; steps < 12; ++steps) {
    SCOPED_TRACE(steps);
    const auto run = folder / std::to_string(steps);
    ASSERT_TRUE(train_for(steps, run, small_recipe(), data, false));
    train_into(run, small_recipe(), data, true);
    expect_same_run(run, folder / "whole");
  }
}

TEST(Resume, StoppedAgainAndAgain) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  train_into(folder / "whole", small_recipe(), data);
  int calls = 1;
  for (bool more = train_for(1, folder / "bits", small_recipe(), data, false); more; ++calls) {
    more = train_for(1, folder / "bits", small_recipe(), data, true);
  }
  EXPECT_EQ(calls, 12) << "one call per step";
  expect_same_run(folder / "bits", folder / "whole");
}

TEST(Resume, MoreEpochsThanAtFirst) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  Recipe longer = small_recipe();
  longer.train.epochs = 5;
  train_into(folder / "whole", longer, data);
  train_into(folder / "extended", small_recipe(), data);
  EXPECT_EQ(train_into(folder / "extended", longer, data, true).epochs.size(), 2u);
  for (const char* name : {"last.safetensors", "checkpoint.safetensors", "recipe.toml"}) {
    EXPECT_TRUE(io::read_file(folder / "extended" / name) == io::read_file(folder / "whole" / name)) << name;
  }
}

TEST(Resume, AFinishedRunIsLeftAlone) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  train_into(folder / "run", small_recipe(), data);
  std::filesystem::copy(folder / "run", folder / "copy");
  const TrainReport report = train_into(folder / "run", small_recipe(), data, true);
  EXPECT_TRUE(report.already_finished);
  EXPECT_FALSE(report.interrupted);
  EXPECT_TRUE(report.epochs.empty());
  EXPECT_EQ(report.steps, 12);
  for (const auto& entry : std::filesystem::directory_iterator(folder / "copy")) {
    EXPECT_TRUE(io::read_file(folder / "run" / entry.path().filename()) == io::read_file(entry.path()))
        << entry.path();
  }
}

TEST(Resume, AFinishedRunsModelIsLoaded) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  train_into(folder / "run", small_recipe(), data);
  Model model = make_model(small_recipe(), data);
  TrainOptions options = run_options(folder / "run", true);
  train(model, data, options);
  model.save(folder / "resumed.safetensors");
  EXPECT_TRUE(io::read_file(folder / "resumed.safetensors") ==
              io::read_file(folder / "run" / "last.safetensors"));
}

// A killed process can leave files that are ahead of the checkpoint.
TEST(Resume, FilesAheadOfTheCheckpointAreDoneAgain) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  train_into(folder / "whole", small_recipe(), data);
  for (const int ahead : {1, 2, 3}) {  // metrics; also the best model; also the last model
    SCOPED_TRACE(ahead);
    const auto run = folder / ("ahead" + std::to_string(ahead));
    ASSERT_TRUE(train_for(4, run, small_recipe(), data, false));  // one epoch
    std::ofstream(run / "metrics.jsonl", std::ios::app)
        << "{\"epoch\":2,\"steps\":8,\"train\":{}}\n{\"epoch\":3,\"st";
    std::ofstream(run / "checkpoint.safetensors.123.part") << "half";
    const auto options = std::filesystem::copy_options::overwrite_existing;
    if (ahead >= 2)
      std::filesystem::copy_file(folder / "whole" / "model.safetensors", run / "model.safetensors", options);
    if (ahead >= 3)
      std::filesystem::copy_file(folder / "whole" / "last.safetensors", run / "last.safetensors", options);
    train_into(run, small_recipe(), data, true);
    expect_same_run(run, folder / "whole");
  }
}

TEST(Resume, ARunKilledBeforeItsFirstCheckpointBeginsAnew) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  train_into(folder / "whole", small_recipe(), data);
  io::write_file(folder / "killed" / "recipe.toml", small_recipe().to_toml());
  train_into(folder / "killed", small_recipe(), data, true);
  expect_same_run(folder / "killed", folder / "whole");
}

TEST(Resume, AModelOfItsOwnParametersKeepsThemWhenKilledInItsFirstEpoch) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  Model whole = make_model(small_recipe(), data), cut = make_model(small_recipe(), data);
  train(whole, data);
  train(cut, data);  // both continue from a first training
  train(whole, data, run_options(folder / "whole"));
  TrainOptions options = run_options(folder / "cut");
  options.stop = [&] {  // the files of a killed process before anything was saved
    if (!std::filesystem::exists(folder / "killed")) std::filesystem::copy(options.folder, folder / "killed");
    return true;
  };
  train(cut, data, options);
  train_into(folder / "killed", small_recipe(), data, true);
  expect_same_run(folder / "killed", folder / "whole");
}

// Expected errors.

template <class E>
void expect_refused(const std::filesystem::path& folder, const Recipe& recipe, const Dataset& data,
                    const std::vector<std::string>& fragments) {
  const auto bytes = [&] {
    std::string all;
    for (const char* name : {"checkpoint.safetensors", "metrics.jsonl", "recipe.toml"}) {
      if (std::filesystem::exists(folder / name)) all += io::read_file(folder / name);
    }
    return all;
  };
  const std::string before = bytes();
  try {
    train_into(folder, recipe, data, true);
    ADD_FAILURE() << "was resumed";
  } catch (const E& error) {
    for (const auto& fragment : fragments) {
      EXPECT_NE(std::string(error.what()).find(fragment), std::string::npos) << error.what();
    }
  }
  EXPECT_TRUE(bytes() == before) << "the run was changed";
}

TEST(Resume, SettingsThatContradictTheCheckpointAreNamed) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  const auto run = folder / "run";
  ASSERT_TRUE(train_for(5, run, small_recipe(), data, false));
  const auto refuse = [&](void (*change)(Recipe&), const std::vector<std::string>& fragments) {
    Recipe recipe = small_recipe();
    change(recipe);
    expect_refused<ConfigError>(run, recipe, data, fragments);
  };
  refuse([](Recipe& r) { r.model.latent = 4; }, {"model.latent", "3", "4", "checkpoint.safetensors"});
  refuse([](Recipe& r) { r.model.encoder = {9, 9}; }, {"model.encoder", "[9]", "[9, 9]"});
  refuse([](Recipe& r) { r.train.batch = 16; }, {"train.batch", "8", "16"});
  refuse([](Recipe& r) { r.train.seed = 12; }, {"train.seed", "11", "12"});
  refuse([](Recipe& r) { r.train.learning_rate = 0.02; }, {"train.learning_rate", "0.01", "0.02"});
  refuse([](Recipe& r) { r.model.kind = "autoencoder"; }, {"model.kind", "vae", "autoencoder"});
}

TEST(Resume, OtherDataIsRefused) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const auto run = folder / "run";
  ASSERT_TRUE(train_for(5, run, small_recipe(), resume_data(), false));
  Dataset changed = resume_data(), wider = patterned_data(27, 10, 13), no_validation = resume_data();
  changed.train.bytes[100] ^= 1;
  no_validation.validation = {};
  expect_refused<DataError>(run, small_recipe(), changed, {"checkpoint.safetensors", "data"});
  expect_refused<DataError>(run, small_recipe(), no_validation, {"data"});
  expect_refused<DataError>(run, small_recipe(), wider, {"12", "13"});
}

TEST(Resume, CorruptCheckpointsAreRefused) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  const auto run = folder / "run";
  ASSERT_TRUE(train_for(5, run, small_recipe(), data, false));
  const std::string good = io::read_file(run / "checkpoint.safetensors");
  io::write_file(run / "checkpoint.safetensors", good.substr(0, good.size() / 2));
  expect_refused<DataError>(run, small_recipe(), data, {"checkpoint.safetensors"});
  io::write_file(run / "checkpoint.safetensors", "");
  expect_refused<DataError>(run, small_recipe(), data, {"checkpoint.safetensors"});
  std::filesystem::copy_file(run / "last.safetensors", run / "checkpoint.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  expect_refused<DataError>(run, small_recipe(), data, {"model", "checkpoint"});
}

TEST(Resume, AModelWithoutItsCheckpointIsNotTrainedOver) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = resume_data();
  TempFolder folder;
  const auto run = folder / "run";
  train_into(run, small_recipe(), data);
  const std::string best = io::read_file(run / "model.safetensors");
  std::filesystem::remove(run / "checkpoint.safetensors");
  expect_refused<IoError>(run, small_recipe(), data, {run.string(), "checkpoint.safetensors", "missing"});
  EXPECT_TRUE(io::read_file(run / "model.safetensors") == best);
  std::filesystem::remove(run / "model.safetensors");
  expect_refused<IoError>(run, small_recipe(), data, {"checkpoint.safetensors", "missing"});
}

TEST(Resume, NothingToResumeIsSaid) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  expect_refused<IoError>(folder / "nowhere", small_recipe(), resume_data(),
                          {"nothing to resume", "nowhere"});
  EXPECT_FALSE(std::filesystem::exists(folder / "nowhere"));
  TrainOptions options;
  options.resume = true;
  EXPECT_THROW(train_anew(small_recipe(), resume_data(), options), ConfigError);
}

// SIGKILL. The child is this program, run for the next test alone.

constexpr const char* kFolderVariable = "ELBO_TEST_RUN_FOLDER";
constexpr const char* kSavesVariable = "ELBO_TEST_SAVES";

Recipe killed_recipe() {
  Recipe recipe = small_recipe();
  recipe.train.epochs = 12;
  return recipe;
}

/// The training that is killed: in the folder named by the parent, from its checkpoint if there is one.
TEST(ResumeChild, TrainsToTheEnd) {
  ELBO_REQUIRE_DEVICE();
  const char* named = std::getenv(kFolderVariable);
  TempFolder own;
  const std::filesystem::path run = named ? std::filesystem::path(named) : own / "run";
  TrainOptions options = run_options(run, std::filesystem::exists(run / "recipe.toml"));
  const std::string saves = named ? std::getenv(kSavesVariable) : "";
  if (saves == "after each step") options.checkpoint_seconds = 0.0;
  if (saves == "by default") options.saving_share = TrainOptions().saving_share;
  EXPECT_EQ(train_anew(killed_recipe(), resume_data(), options).steps, 48);
}

class ResumeAfterSigkill : public testing::Test {
 protected:
  using Microseconds = std::chrono::microseconds;

  /// Makes a run that is never killed, also in a child; returns its time.
  Microseconds train_whole() {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(ChildProcess(kChildTest, environment("whole")).wait(), 0);
    return std::chrono::duration_cast<Microseconds>(std::chrono::steady_clock::now() - begun);
  }
  /// Resumes a run and kills it at a random moment within the given time. Returns whether that cut it off.
  bool train_and_kill(const std::string& run, Microseconds within) {
    ChildProcess child(kChildTest, environment(run));
    std::this_thread::sleep_for(Microseconds(random_.below(within.count())));
    child.kill();
    return child.wait() != 0;
  }
  std::map<std::string, std::string> environment(const std::string& run) const {
    return {{kFolderVariable, (folder_ / run).string()}, {kSavesVariable, saves_}};
  }

  static constexpr const char* kChildTest = "ResumeChild.TrainsToTheEnd";
  std::string saves_ = "after each epoch";
  TempFolder folder_;
  Random random_{static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())};
};

TEST_F(ResumeAfterSigkill, AtTenRandomMoments) {
  ELBO_REQUIRE_DEVICE();
  const Microseconds whole = train_whole();
  int with_checkpoint = 0;
  for (int i = 0; i < 10; ++i) {
    SCOPED_TRACE(i);
    saves_ =
        std::vector{"after each epoch", "after each step", "by default"}[static_cast<std::size_t>(i % 3)];
    const std::string run = "killed" + std::to_string(i);
    bool cut_off = train_and_kill(run, whole);
    while (!std::filesystem::exists(folder_ / run / "recipe.toml")) cut_off = train_and_kill(run, whole);
    with_checkpoint += cut_off && std::filesystem::exists(folder_ / run / "checkpoint.safetensors");
    train_into(folder_ / run, killed_recipe(), resume_data(), true);
    expect_same_run(folder_ / run, folder_ / "whole");
  }
  EXPECT_GE(with_checkpoint, 1) << "no training was killed midway: the test shows little";
}

TEST_F(ResumeAfterSigkill, TenTimesTheSameRun) {
  ELBO_REQUIRE_DEVICE();
  const Microseconds whole = train_whole();
  saves_ = "after each step";
  for (int kills = 0; kills < 10; ++kills) train_and_kill("killed", whole / 2);
  ASSERT_EQ(ChildProcess(kChildTest, environment("killed")).wait(), 0);
  expect_same_run(folder_ / "killed", folder_ / "whole");
}

}  // namespace
}  // namespace elbo::test
