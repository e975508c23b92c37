// Tables of mixed kinds: settings that follow the data, and trainings with a likelihood for each column.

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "elbo/elbo.h"
#include "elbo/error.h"
#include "model/state.h"
#include "support/data.h"
#include "support/device.h"
#include "support/training.h"

namespace elbo::test {
namespace {

/// A row's cells follow its group: 0 or 1, row by row in turns; every tenth income is blank.
std::string customers(int rows) {
  std::string text = "id,city,income,visits,member,segment\n";
  for (int i = 0; i < rows; ++i) {
    const int group = i % 2, wobble = i * 37 % 11;
    const std::string income = i % 10 == 3 ? "" : std::to_string(30000 + 40000 * group + 100 * wobble);
    text += "c" + std::to_string(i) +
            (group        ? ",Oslo,"
             : wobble % 3 ? ",Bern,"
                          : ",Rome,") +
            income + ',' + std::to_string(group ? 20 + wobble : wobble % 4) + (group ? ",yes," : ",no,") +
            (group ? "b" : "a") + '\n';
  }
  return text;
}

Dataset table(const TempFolder& folder, int rows = 200) {
  TableOptions options;
  options.label = "none";
  options.drop = {"segment"};
  return load_dataset(write(folder / "customers.csv", customers(rows)).string(), {.table = options});
}

Recipe small_mixed(const Dataset& data) {
  Recipe recipe = recipe_for(data);
  recipe.model.encoder = recipe.model.decoder = {16};
  recipe.model.latent = 2;
  recipe.train.epochs = 60;
  recipe.train.learning_rate = 0.01;
  recipe.train.precision = Precision::fp32;
  return recipe;
}

TEST(FollowData, EachColumnGetsItsLikelihood) {
  const TempFolder folder;
  const Recipe recipe = recipe_for(table(folder));
  EXPECT_EQ(recipe.model.likelihood, "mixed");
  EXPECT_EQ(recipe.model.column_likelihoods, (std::vector<std::string>{"categorical 3", "gaussian-learned",
                                                                       "negative-binomial", "bernoulli"}));
  EXPECT_EQ(recipe.data.missing, MissingValues::mask);
  EXPECT_TRUE(recipe.data.standardize);
  EXPECT_NO_THROW(recipe.validate());
  EXPECT_EQ(Recipe::from_toml(recipe.to_toml()), recipe);
}

TEST(FollowData, ArraysGetOneLikelihood) {
  EXPECT_EQ(recipe_for(Dataset::from_floats({0, 3, 1, 12, 0, 0}, 2)).model.likelihood, "negative-binomial");
  EXPECT_EQ(recipe_for(Dataset::from_floats({0, 0.3f, 1, 0.5f}, 2)).model.likelihood, "bernoulli");
  const Recipe real = recipe_for(Dataset::from_floats({-0.5f, 3, 1, 12}, 2));
  EXPECT_EQ(real.model.likelihood, "gaussian-learned");
  EXPECT_TRUE(real.data.standardize);
}

TEST(FollowData, WhatARecipeSaysStays) {
  const TempFolder folder;
  const Dataset data = table(folder);
  Recipe recipe;
  recipe.data.missing = MissingValues::error;
  recipe.model.likelihood = "mixed";
  recipe.model.column_likelihoods = {"categorical 5", "laplace", "poisson", "bernoulli"};
  EXPECT_EQ(follow_data(recipe, data), recipe);
  recipe.model.likelihood = "gaussian";
  recipe.model.column_likelihoods = {};
  recipe.data.missing = MissingValues::automatic;
  recipe = follow_data(recipe, data);
  EXPECT_EQ(recipe.data.missing, MissingValues::mask);
  EXPECT_TRUE(recipe.model.column_likelihoods.empty());
  EXPECT_EQ(follow_data({}, Dataset::from_floats({0, 1}, 2)).data.missing, MissingValues::error);
}

// The same model twice: one coin for all values, and a coin for each column.
TEST(Mixed, OfOneKindIsThatKind) {
  ELBO_REQUIRE_DEVICE();
  Dataset data = patterned_data(64, 0, 12, false);
  for (float& value : data.train.floats) value = value > 0.5f ? 1.0f : 0.0f;
  Recipe recipe = small_recipe();
  recipe.data.standardize = false;
  const auto trained = [&] {
    Model model(recipe, data.dims(), device());
    train(model, data);
    return model.evaluate(data.train).terms;
  };
  const ElboTerms coins = trained();
  recipe.model.likelihood = "mixed";
  recipe.model.column_likelihoods.assign(12, "bernoulli");
  const ElboTerms mixed = trained();
  EXPECT_NEAR(mixed.reconstruction, coins.reconstruction, 1e-3 * coins.reconstruction);
  EXPECT_NEAR(mixed.kl, coins.kl, 2e-2 * coins.kl + 1e-3);
}

TEST(Mixed, LearnsWhatColumnsTellOfEachOther) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = table(folder);
  Recipe recipe = small_mixed(data);
  Model model(recipe, data.dims(), device());
  train(model, data);
  recipe.train.epochs = 1;
  Model begun(recipe, data.dims(), device());
  train(begun, data);
  EXPECT_GT(model.evaluate(data.train).terms.elbo, begun.evaluate(data.train).terms.elbo + 1.0);
  // Classes, and numbers that are no density, keep their values.
  const ModelState& state = state_of(model);
  ASSERT_EQ(state.standard_mean.size(), 4u);
  for (const std::size_t j : {0u, 2u, 3u}) {
    EXPECT_EQ(state.standard_mean[j], 0.0f);
    EXPECT_EQ(state.standard_deviation[j], 1.0f);
  }
  EXPECT_GT(state.standard_deviation[1], 1e4f);

  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto level = [&](const char* name) {
    const auto& levels = model.schema().columns[1].levels;
    return static_cast<float>(std::ranges::find(levels, name) - levels.begin());
  };
  const Table gaps{2, 4, {nan, nan, 25, 1, nan, 30500, nan, nan}};
  const Imputation filled = model.impute(gaps);
  const auto value = [&](const Table& of, int row, int column) {
    return of.values[static_cast<std::size_t>(4 * row + column)];
  };
  EXPECT_EQ(value(filled.values, 0, 0), level("Oslo"));
  EXPECT_NEAR(value(filled.values, 0, 1), 70500.0f, 5000.0f);
  EXPECT_LT(value(filled.low, 0, 1), value(filled.high, 0, 1));
  EXPECT_TRUE(std::isnan(value(filled.low, 0, 0)));
  EXPECT_GT(value(filled.probability, 0, 0), 0.5f);
  EXPECT_NE(value(filled.values, 1, 0), level("Oslo"));
  EXPECT_LT(value(filled.values, 1, 2), 10.0f);
  EXPECT_EQ(value(filled.values, 1, 3), 0.0f);
  EXPECT_EQ(value(filled.probability, 1, 1), 1.0f);
}

TEST(Mixed, IsSavedAndLoaded) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = table(folder, 60);
  Recipe recipe = small_mixed(data);
  recipe.train.epochs = 2;
  Model model(recipe, data.dims(), device());
  train(model, data);
  model.save(folder / "model.safetensors");
  const Model loaded = Model::load(folder / "model.safetensors", device());
  EXPECT_EQ(loaded.recipe(), model.recipe());
  EXPECT_EQ(loaded.evaluate(data.train).terms.elbo, model.evaluate(data.train).terms.elbo);
  EXPECT_EQ(loaded.draw(loaded.prior_codes(5, 1), 2).values, model.draw(model.prior_codes(5, 1), 2).values);
}

TEST(Mixed, DrawsAreOfTheColumnsKinds) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = table(folder);
  Model model(small_mixed(data), data.dims(), device());
  train(model, data);
  const Table drawn = model.draw(model.prior_codes(200, 3), 4);
  for (std::int64_t i = 0; i < drawn.rows; ++i) {
    const auto row = drawn.row(i);
    EXPECT_TRUE(row[0] == 0.0f || row[0] == 1.0f || row[0] == 2.0f) << row[0];
    EXPECT_TRUE(row[2] >= 0.0f && row[2] == std::floor(row[2])) << row[2];
    EXPECT_TRUE(row[3] == 0.0f || row[3] == 1.0f) << row[3];
  }
}

// Columns that do not depend on each other in a model that has learned nothing of them.
TEST(Mixed, DrawsOfNeighbouringColumnsAreIndependent) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe;
  recipe.model.encoder = recipe.model.decoder = {2};
  recipe.model.latent = 1;
  recipe.model.likelihood = "mixed";
  recipe.model.column_likelihoods = {"gaussian", "bernoulli", "poisson",
                                     "gaussian", "bernoulli", "categorical 3"};
  const Model model(recipe, 6, device());
  const Table drawn = model.draw(Table{4000, 1, std::vector<float>(4000, 0.0f)}, 7);
  for (std::int64_t a = 0; a < 6; ++a) {
    for (std::int64_t b = 0; b < a; ++b) {
      double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
      for (std::int64_t i = 0; i < drawn.rows; ++i) {
        const double u = drawn.row(i)[static_cast<std::size_t>(a)],
                     v = drawn.row(i)[static_cast<std::size_t>(b)];
        x += u, y += v, xx += u * u, yy += v * v, xy += u * v;
      }
      const double n = 4000.0;
      const double correlation = (n * xy - x * y) / std::sqrt((n * xx - x * x) * (n * yy - y * y));
      EXPECT_NEAR(correlation, 0.0, 0.07) << a << " and " << b;  // over four deviations
    }
  }
}

TEST(Mixed, ARecipeThatDoesNotSuitTheColumnsIsRefused) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = table(folder, 60);
  Recipe recipe = small_mixed(data);
  const auto refuses = [&](std::vector<std::string> likelihoods, const std::vector<std::string>& parts) {
    recipe.model.column_likelihoods = std::move(likelihoods);
    expect_error<DataError>([&] { check_trainable(Model(recipe, data.dims(), device()), data); }, parts);
  };
  refuses({"gaussian", "gaussian", "poisson", "bernoulli"},
          {"customers.csv", "\"city\" is categorical", "model.column_likelihoods = \"gaussian\""});
  refuses({"categorical 2", "gaussian", "poisson", "bernoulli"},
          {"column \"city\" is 2", "whole numbers from 0 to 1", "data.kinds"});
  refuses({"categorical 3", "poisson", "bernoulli", "bernoulli"},
          {"column \"visits\"", "bernoulli", "[0, 1]"});
  recipe.model.column_likelihoods = {"gaussian"};
  expect_error<ConfigError>([&] { Model(recipe, data.dims(), device()); },
                            {"model.column_likelihoods has 1", "4 columns"});
  for (const auto& [text, part] :
       {std::pair("gausian", "gaussian"), std::pair("categorical", "categorical 5"),
        std::pair("categorical 1", "from 2"), std::pair("gaussian-shared", "gaussian-learned"),
        std::pair("poisson 3", "takes no number")}) {
    recipe.model.column_likelihoods.assign(4, text);
    expect_error<ConfigError>([&] { Model(recipe, data.dims(), device()); },
                              {"model.column_likelihoods", part});
  }
  recipe.model.column_likelihoods = {};
  recipe.objective.corruption = "gaussian";
  recipe.objective.corruption_amount = 0.1;
  expect_error<ConfigError>([&] { recipe.validate(); }, {"objective.corruption", "mixed"});
}

TEST(Mixed, CountsAloneAreReadAsLogarithms) {
  ELBO_REQUIRE_DEVICE();
  std::vector<float> counts;
  for (int i = 0; i < 120; ++i) {
    for (int j = 0; j < 6; ++j) counts.push_back(static_cast<float>((i + j) % 2 ? 100 + i % 7 : i % 3));
  }
  const Dataset data = Dataset::from_floats(counts, 6);
  Recipe recipe = small_mixed(data);
  EXPECT_EQ(recipe.model.likelihood, "negative-binomial");
  Model model(recipe, data.dims(), device());
  train(model, data);
  const Table mean = model.reconstruct(data.train);
  EXPECT_GT(mean.values[1], 50.0f);
  EXPECT_LT(mean.values[0], 25.0f);
  expect_error<DataError>(
      [&] {
        model.encode(Table{1, 6, {0, 1, 2, 3, 4, -1}});
      },
      {"-1", "whole numbers from 0 to 16777216"});
}

}  // namespace
}  // namespace elbo::test
