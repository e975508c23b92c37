// A refused training does not change its model: parameters, statistics, plans and results stay.

#include <gtest/gtest.h>

#include <functional>

#include "elbo/error.h"
#include "model/model_file.h"
#include "support/allocations.h"
#include "support/temp_folder.h"
#include "support/training.h"
#include "train/checkpoint.h"
#include "train/folder_lock.h"
#include "train/gemm_plans.h"

namespace elbo::test {
namespace {

/// A recipe with everything that a training sets in a model before its first step.
Recipe standardized_recipe() {
  Recipe recipe = small_recipe();
  recipe.data.standardize = true;
  recipe.model.likelihood = "gaussian";
  recipe.model.output_bias = OutputBias::data;
  recipe.train.ema = 0.5;
  recipe.train.patience = 5;
  return recipe;
}

Dataset float_data(std::int64_t dims = 12) {
  return patterned_data(27, 10, dims, false);
}

/// Everything in a model that a training changes, and its results.
struct Snapshot {
  std::vector<float> values, mean, deviation, codes, log_variances, decoded;
  std::string recipe, plans;
  bool fresh;

  bool operator==(const Snapshot&) const = default;
};

Snapshot snapshot(Model& model) {
  const Examples examples = patterned_examples(4, model.dims(), 3, false);
  const Posterior posterior = model.encode({4, model.dims(), examples.floats});
  const ModelState& state = state_of(model);
  return {.values = to_host(*state.context, state.vae->parameters().values()),
          .mean = state.standard_mean,
          .deviation = state.standard_deviation,
          .codes = posterior.mean.values,
          .log_variances = posterior.log_variance.values,
          .decoded = model.decode(posterior.mean).values,
          .recipe = model.recipe().to_toml(),
          .plans = stored_plans(state).to_text(),
          .fresh = state.fresh};
}

/// Expects a training to be refused by an E with this message, and not to change new or trained models.
template <class E>
void expect_refused(const Recipe& recipe, const Dataset& data, const TrainOptions& options,
                    const std::string& said) {
  for (const bool trained : {false, true}) {
    SCOPED_TRACE(trained ? "a trained model" : "a fresh model");
    Model model = make_model(recipe, data);
    Dataset other = float_data(data.dims());
    for (float& value : other.train.floats) value = 2.0f * value + 3.0f;
    if (trained) train(model, other);
    const Snapshot before = snapshot(model);
    try {
      train(model, data, options);
      ADD_FAILURE() << "was trained";
    } catch (const E& error) {
      EXPECT_NE(std::string(error.what()).find(said), std::string::npos) << error.what();
    }
    EXPECT_TRUE(snapshot(model) == before) << "the model was changed";
  }
}

/// Makes a run that was stopped in its second epoch.
class RefusedResume : public testing::Test {
 protected:
  void SetUp() override {
    ELBO_REQUIRE_DEVICE();
    TrainOptions options = run_options(run());
    options.stop = [left = 5]() mutable { return left-- == 0; };
    ASSERT_TRUE(train_anew(standardized_recipe(), float_data(), options).interrupted);
  }
  std::filesystem::path run() const { return folder_ / "run"; }
  std::filesystem::path checkpoint() const { return run() / "checkpoint.safetensors"; }
  std::filesystem::path best_model() const { return run() / "model.safetensors"; }

  void rewrite_checkpoint(const std::function<void(Checkpoint&)>& change) const {
    const Dataset data = float_data();
    const DataIdentity identity = {data::fingerprint(data.train), data::fingerprint(data.validation)};
    const Model model = make_model(standardized_recipe(), data);
    Checkpoint read = read_checkpoint(checkpoint(), state_of(model), identity);
    change(read);
    save_checkpoint(checkpoint(), state_of(model), identity, read.position, read.arrays);
  }
  template <class E>
  void expect_resume_refused(const std::string& said, const Recipe& recipe = standardized_recipe(),
                             const Dataset& data = float_data()) {
    expect_refused<E>(recipe, data, run_options(run(), true), said);
  }

  TempFolder folder_;
};

void cut_off(const std::filesystem::path& file) {
  const std::string bytes = io::read_file(file);
  io::write_file(file, bytes.substr(0, bytes.size() / 2));
}

TEST_F(RefusedResume, WhatIsNotRefusedChangesTheModel) {
  Model model = make_model(standardized_recipe(), float_data());
  const Snapshot before = snapshot(model);
  train(model, float_data(), run_options(run(), true));
  const Snapshot after = snapshot(model);
  EXPECT_NE(after.values, before.values);
  EXPECT_NE(after.mean, before.mean);
  EXPECT_NE(after.decoded, before.decoded);
  EXPECT_FALSE(after.fresh);
}

TEST_F(RefusedResume, WithoutAFolder) {
  TrainOptions options;
  options.resume = true;
  expect_refused<ConfigError>(standardized_recipe(), float_data(), options, "folder");
}

TEST_F(RefusedResume, WhereNothingIs) {
  expect_refused<IoError>(standardized_recipe(), float_data(), run_options(folder_ / "nowhere", true),
                          "nothing to resume");
}

TEST_F(RefusedResume, WithoutACheckpoint) {
  std::filesystem::remove(checkpoint());
  expect_resume_refused<IoError>("missing");
}

TEST_F(RefusedResume, WithAnotherRecipe) {
  Recipe recipe = standardized_recipe();
  recipe.train.seed = 12;
  expect_resume_refused<ConfigError>("train.seed", recipe);
  recipe = standardized_recipe();
  recipe.model.latent = 2;
  expect_resume_refused<ConfigError>("model.latent", recipe);
}

TEST_F(RefusedResume, WithOtherData) {
  Dataset data = float_data();
  data.train.floats[7] += 1.0f;
  expect_resume_refused<DataError>("other data", standardized_recipe(), data);
  expect_resume_refused<DataError>("13", standardized_recipe(), float_data(13));
}

TEST_F(RefusedResume, FromACheckpointThatIsCutOff) {
  cut_off(checkpoint());
  expect_resume_refused<DataError>("checkpoint.safetensors");
}

TEST_F(RefusedResume, FromAModel) {
  std::filesystem::copy_file(best_model(), checkpoint(), std::filesystem::copy_options::overwrite_existing);
  expect_resume_refused<DataError>("is a model");
}

TEST_F(RefusedResume, FromCountersThatDoNotFit) {
  rewrite_checkpoint([](Checkpoint& read) { ++read.position.steps; });
  expect_resume_refused<DataError>("counters");
}

TEST_F(RefusedResume, FromAnAverageThatIsNotThere) {
  rewrite_checkpoint([](Checkpoint& read) { read.arrays.average.clear(); });
  expect_resume_refused<DataError>("average.");
}

TEST_F(RefusedResume, WithoutTheBestModel) {
  std::filesystem::remove(best_model());
  expect_resume_refused<IoError>("model.safetensors");
}

TEST_F(RefusedResume, FromABestModelThatIsCutOff) {
  cut_off(best_model());
  expect_resume_refused<DataError>("model.safetensors");
}

TEST_F(RefusedResume, InAFolderThatAnotherTrainingHas) {
  const FolderLock other(run());
  expect_resume_refused<IoError>("another elbo");
  expect_refused<IoError>(standardized_recipe(), float_data(), run_options(run()), "another elbo");
}

// The recipe is written after everything is read and all memory is allocated.
TEST_F(RefusedResume, WhereTheRecipeCannotBeWritten) {
  std::filesystem::remove(run() / "recipe.toml");
  std::filesystem::create_directories(run() / "recipe.toml" / "a folder in its place");
  expect_resume_refused<IoError>("recipe.toml");
  expect_refused<IoError>(standardized_recipe(), float_data(), run_options(run()), "recipe.toml");
}

TEST(RefusedTraining, MemoryThatIsNotThere) {
  ELBO_REQUIRE_DEVICE();
  if (sanitized() && !device().is_cuda()) GTEST_SKIP() << "the address sanitizer ends the program here";
  Recipe recipe = standardized_recipe();
  recipe.train.batch = 1 << 16;
  recipe.objective.samples = 1 << 24;
  recipe.train.patience = 0;
  const Dataset data = patterned_data(1 << 16, 0, 12, false);
  TempFolder folder;
  Model model = make_model(recipe, data);
  const Snapshot before = snapshot(model);
  EXPECT_THROW(train(model, data, run_options(folder / "run")), Error);  // of the host or of the GPU
  EXPECT_TRUE(snapshot(model) == before) << "the model was changed";
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace
}  // namespace elbo::test
