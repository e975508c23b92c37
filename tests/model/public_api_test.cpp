// What programs rely on: calls on a const model from several threads, examples without a copy, settings as a
// table.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>

#include "elbo/elbo.h"
#include "model/model_file.h"
#include "model/state.h"
#include "support/data.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

std::vector<float> values_of(const Model& model) {
  return to_host(*state_of(model).context, state_of(model).vae->parameters().values());
}

TEST(PublicApi, SeveralThreadsUseOneConstModel) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(40, 0);
  const Model model = make_model(small_recipe(), data);
  const Posterior codes = model.encode(data.train);
  const Evaluation costs = model.evaluate(data.train, 3, 7);
  const Table samples = model.sample(9, 5);
  std::vector<int> wrong(6);
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int again = 0; again < 5; ++again) {
        count += model.encode(data.train).mean.values != codes.mean.values;
        count += model.evaluate(data.train, 3, 7).nll->examples != costs.nll->examples;
        count += model.sample(9, 5).values != samples.values;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(6, 0));
}

TEST(PublicApi, ExamplesGiveWhatTheirTableGives) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(40, 0);
  const Model model = make_model(small_recipe(), data);
  ASSERT_FALSE(data.train.bytes.empty());
  const Table table = to_table(data.train, 0, 40);
  EXPECT_EQ(model.encode(data.train).mean.values, model.encode(table).mean.values);
  EXPECT_EQ(model.reconstruct(data.train).values, model.reconstruct(table).values);
  EXPECT_EQ(model.reconstruct(Examples{}).rows, 0);
}

TEST(PublicApi, TensorsAndTraitsAreTheModels) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(10, 0);
  Recipe recipe = small_recipe();
  recipe.model.encoder = {9};
  recipe.model.decoder = {};
  const Model model = make_model(recipe, data);
  const std::vector<TensorInfo> tensors = model.tensors();
  EXPECT_EQ(tensors.front().name, "encoder.hidden.0.weight");
  EXPECT_EQ(tensors.front().shape, (std::vector<std::int64_t>{9, data.dims()}));
  std::int64_t values = 0;
  for (const TensorInfo& tensor : tensors) {
    std::int64_t size = 1;
    for (const std::int64_t extent : tensor.shape) size *= extent;
    values += size;
  }
  EXPECT_EQ(values, model.parameter_count());
  EXPECT_TRUE(model.traits().has_prior && model.traits().has_unit_kl);
  recipe.model.kind = "autoencoder";
  EXPECT_FALSE(make_model(recipe, data).traits().has_prior);
}

TEST(PublicApi, TrainingHoldsOutWhatTheRecipeSays) {
  ELBO_REQUIRE_DEVICE();
  const Dataset whole = patterned_data(40, 0);
  Recipe recipe = small_recipe();
  recipe.train.epochs = 2;
  recipe.data.validation = 0.25;
  recipe.data.test = 0.1;
  Dataset parts = whole;
  hold_out(parts, 0.25, 0.1, recipe.train.seed);
  Model model = make_model(recipe, whole), same = make_model(recipe, whole);
  const TrainReport report = train(model, whole);
  train(same, parts);
  EXPECT_EQ(values_of(model), values_of(same));
  ASSERT_TRUE(report.epochs.back().validation);
  EXPECT_EQ(report.epochs.back().validation->elbo,
            same.evaluate(parts.validation, 0, recipe.train.seed).terms.elbo);
  EXPECT_EQ(whole.train.count, 40);
}

TEST(PublicApi, DataIsLoadedByARecipe) {
  Recipe recipe;
  recipe.data.name = "gaussian2d";
  recipe.data.validation = 0.2;
  recipe.train.seed = 5;
  Dataset by_hand = load_dataset("gaussian2d");
  hold_out(by_hand, 0.2, 0.0, 5);
  const Dataset data = load_dataset(recipe);
  EXPECT_EQ(data.train.floats, by_hand.train.floats);
  EXPECT_EQ(data.validation.floats, by_hand.validation.floats);
  EXPECT_EQ(data.validation.count, 200);
}

TEST(PublicApi, TheLimitCountsAfterExamplesAreHeldOut) {
  Recipe recipe;
  recipe.data.name = "gaussian2d";
  recipe.data.validation = 0.2;
  const Dataset all = load_dataset(recipe);
  recipe.data.limit = 30;
  const Dataset data = load_dataset(recipe);
  EXPECT_EQ(data.train.floats, all.train.evenly_spaced(30).floats);
  EXPECT_EQ(data.validation.floats, all.validation.floats);
}

TEST(PublicApi, TrainingIsLimitedAsTheRecipeSays) {
  ELBO_REQUIRE_DEVICE();
  const Dataset whole = patterned_data(40, 0);
  Recipe recipe = small_recipe();
  recipe.train.epochs = 2;
  recipe.data.limit = 16;
  Dataset some = whole;
  limit_training(some, 16);
  Model model = make_model(recipe, whole), same = make_model(recipe, whole);
  train(model, whole);
  train(same, some);
  EXPECT_EQ(values_of(model), values_of(same));
  EXPECT_EQ(whole.train.count, 40);
}

TEST(PublicApi, LimitsKeepEvenlySpacedTrainingExamples) {
  Dataset data = patterned_data(10, 0);
  const Examples all = data.train;
  limit_training(data, 0);
  limit_training(data, 10);
  EXPECT_EQ(data.train.count, 10);
  EXPECT_TRUE(data.notes.empty());
  data.test = all;
  limit_training(data, 4);
  EXPECT_EQ(data.train.floats, all.evenly_spaced(4).floats);
  EXPECT_EQ(data.train.count, 4);
  EXPECT_EQ(data.test.count, 10);
  EXPECT_EQ(data.notes, std::vector<std::string>{"4 of 10 training examples are used (data.limit)"});
  EXPECT_THROW(limit_training(data, -1), ShapeError);
}

TEST(PublicApi, AMaskIsMatchedByName) {
  const TempFolder folder;
  Recipe recipe;
  recipe.data.name = write(folder / "data.csv", "a,b\n1,2\n3,4\n").string();
  recipe.data.mask = write(folder / "mask.csv", "b,label,a\n1,1,0\n1,1,1\n").string();
  const Dataset data = load_dataset(recipe);
  EXPECT_TRUE(std::isnan(data.train.floats[0]));
  EXPECT_EQ(std::vector<float>(data.train.floats.begin() + 1, data.train.floats.end()),
            (std::vector<float>{2, 3, 4}));
  recipe.data.mask = write(folder / "other.csv", "a,c\n1,1\n1,1\n").string();
  expect_error<DataError>([&] { load_dataset(recipe); }, {"data.mask", "\"b\""});
}

TEST(PublicApi, FiniteValuesAreToldFromOthers) {
  Dataset data = Dataset::from_floats({1.0f, 2.0f, 3.0f, 4.0f}, 2);
  check_finite(data.train, "decoding");
  data.train.floats[3] = INFINITY;
  expect_error<DataError>([&] { check_finite(data.train, "decoding"); }, {"row 1", "dimension 1"});
  data.train.floats[3] = NAN;
  expect_error<DataError>([&] { check_finite(data.train, "decoding"); }, {"row 1", "dimension 1"});
}

TEST(PublicApi, RecipesCompareByEverySetting) {
  for (const std::string& name : Recipe::names()) {
    const Recipe recipe = Recipe::named(name);
    EXPECT_EQ(Recipe::from_toml(recipe.to_toml()), recipe) << name;
    Recipe other = recipe;
    other.train.beta2 = 0.5;
    EXPECT_NE(other, recipe);
    other = recipe;
    other.model.decoder.push_back("norm layer");
    EXPECT_NE(other, recipe);
  }
}

TEST(PublicApi, SettingsAreATable) {
  std::set<std::string> names;
  for (const Setting& setting : recipe_settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_EQ(Recipe{}.value(setting.name), setting.default_value);
    EXPECT_FALSE(setting.description.empty() || setting.type.empty()) << setting.name;
  }
  EXPECT_TRUE(names.count("train.epochs") && names.count("model.likelihood"));
  Recipe recipe;
  recipe.set("model.encoder=[64, \"norm layer\"]");
  EXPECT_EQ(recipe.value("model.encoder"), "[64, \"norm layer\"]");
  expect_error<ConfigError>([&] { recipe.value("train.epoch"); }, {"train.epoch", "train.epochs"});
}

TEST(PublicApi, LongerTrainingsKeepTheirRates) {
  Recipe recipe;
  EXPECT_TRUE(may_train_longer(recipe));
  recipe.train.schedule = "cosine";
  EXPECT_FALSE(may_train_longer(recipe));
  recipe.train.schedule = "staged";
  recipe.train.epochs = 3;
  recipe.train.stage_epochs = {1, 2};
  recipe.train.stage_rates = {1e-3, 1e-4};
  EXPECT_FALSE(may_train_longer(recipe));
  recipe.train.epochs = 2;
  EXPECT_TRUE(may_train_longer(recipe));
}

}  // namespace
}  // namespace elbo::test
