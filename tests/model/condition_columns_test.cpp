// Models conditioned on columns, by the API.

#include <gtest/gtest.h>

#include <cmath>

#include "data/check.h"
#include "elbo/elbo.h"
#include "model/conditions.h"
#include "model/model_file.h"
#include "model/state.h"
#include "support/data.h"
#include "support/expect_says.h"
#include "support/recipe_variants.h"
#include "support/refusal.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

const RecipeVariant kColumns{"", [](Recipe& r) { read_columns(r); }};

/// Two values about 4 (group − 1) and age / 10: three groups, ages from 20 to 60.
Dataset people_data(std::int64_t count) {
  Random random(4);
  Dataset data;
  Table conditions{count, 2, {}};
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto group = static_cast<float>(i % 3);
    const auto age = static_cast<float>(20.0 + 40.0 * random.unit());
    conditions.values.insert(conditions.values.end(), {group, age});
    values.push_back(4.0f * (group - 1.0f) + static_cast<float>(random.unit()) - 0.5f);
    values.push_back(age / 10.0f + static_cast<float>(random.unit()) - 0.5f);
  }
  data = Dataset::from_floats(std::move(values), 2);
  data.train.conditions = std::move(conditions);
  return data;
}

Recipe people_recipe() {
  Recipe recipe = small_recipe();
  recipe.model.likelihood = "gaussian-learned";
  recipe.model.condition = {"group", "age"};
  recipe.model.condition_kinds = {"categorical 3", "numeric"};
  recipe.train.epochs = 60;
  return recipe;
}

/// Where x depends on the conditions, samples given them have the right means.
TEST(ConditionedOnColumns, DrawsFollowTheirConditions) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = people_data(300);
  Model model(people_recipe(), 2, device());
  train(model, data);
  for (const float group : {0.0f, 1.0f, 2.0f}) {
    for (const float age : {25.0f, 40.0f, 55.0f}) {
      Table conditions{64, 2, {}};
      for (int i = 0; i < 64; ++i) conditions.values.insert(conditions.values.end(), {group, age});
      const Table samples = model.sample(64, 1, conditions);
      double first = 0.0, second = 0.0;
      for (std::int64_t i = 0; i < 64; ++i) {
        first += samples.row(i)[0] / 64.0;
        second += samples.row(i)[1] / 64.0;
      }
      EXPECT_NEAR(first, 4.0 * (group - 1.0), 0.6) << group << ", " << age;
      EXPECT_NEAR(second, age / 10.0, 0.6) << group << ", " << age;
    }
  }
  Examples changed = data.train;
  for (std::size_t i = 1; i < changed.conditions.values.size(); i += 2)
    changed.conditions.values[i] = 80.0f - changed.conditions.values[i];
  EXPECT_LT(model.evaluate(data.train, 20).nll->mean + 1.0, model.evaluate(changed, 20).nll->mean)
      << "an example under another's age is less likely";
}

TEST(ConditionedOnColumns, NumbersAreStandardisedByTheTrainingExamples) {
  ELBO_REQUIRE_DEVICE();
  Dataset data = people_data(30);
  Recipe recipe = people_recipe();
  recipe.train.epochs = 1;
  Model model(recipe, 2, device());
  train(model, data);
  const std::vector<ConditionColumn> conditions = model.conditions();
  ASSERT_EQ(conditions.size(), 2u);
  EXPECT_EQ(conditions[0].column.levels, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(conditions[0].mean, 0.0);
  double mean = 0.0, square = 0.0;
  for (std::int64_t i = 0; i < 30; ++i) mean += data.train.conditions.row(i)[1] / 30.0;
  for (std::int64_t i = 0; i < 30; ++i) square += std::pow(data.train.conditions.row(i)[1] - mean, 2) / 30.0;
  EXPECT_NEAR(conditions[1].mean, mean, 1e-4);
  EXPECT_NEAR(conditions[1].deviation, std::sqrt(square), 1e-4);
  const ModelState& state = state_of(model);
  const Table read = network_conditions(state, state.standardization(), data.train);
  EXPECT_EQ(read.row(4)[0], 1.0f);
  EXPECT_NEAR(read.row(4)[1], (data.train.conditions.row(4)[1] - mean) / std::sqrt(square), 1e-5);
}

TEST(ConditionedOnColumns, EveryCallReadsThem) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = kColumns.data(20, 0);
  Model model = make_model(kColumns.recipe(), data);
  const Table own = model.conditions_of(data.train);
  ASSERT_EQ(own.cols, 3);
  EXPECT_EQ(own.row(4)[0], 1.0f);
  EXPECT_EQ(own.row(4)[2], static_cast<float>(data.train.labels[4])) << "the label is the third";
  Examples others = data.train;
  for (std::size_t i = 0; i < others.conditions.values.size(); i += 2)
    others.conditions.values[i] = 2.0f - others.conditions.values[i];
  const Table as = model.conditions_of(others), codes = model.encode(data.train).mean;
  EXPECT_NE(model.encode(others).mean.values, codes.values);
  EXPECT_EQ(model.reconstruct(data.train).values, model.decode(codes, own).values);
  EXPECT_EQ(model.reconstruct(data.train, as).values, model.decode(codes, as).values);
  EXPECT_NE(model.decode(codes, as).values, model.decode(codes, own).values);
  Table far = own;
  for (std::size_t i = 1; i < far.values.size(); i += 3) far.values[i] -= 1000.0f;
  EXPECT_NE(model.draw(codes, 1, 0, far).values, model.draw(codes, 1, 0, own).values);
  EXPECT_NE(model.scores(others, 3, 7).nll, model.scores(data.train, 3, 7).nll);
  Table rows = to_table(data.train, 0, 20);
  for (std::size_t i = 0; i < rows.values.size(); i += 3) rows.values[i] = NAN;
  const auto imputed = [&](const Table& conditions) {
    return model
        .impute(rows, {.samples = 20, .min_effective = 15.0, .max_samples = 80, .conditions = conditions})
        .values.values;
  };
  EXPECT_EQ(imputed(own), imputed(own));
  EXPECT_NE(imputed(own), imputed(as));
}

/// The label alone is read in both forms alike.
TEST(ConditionedOnColumns, ATableOfLabelsIsTheSameAsLabels) {
  ELBO_REQUIRE_DEVICE();
  const RecipeVariant labels{"", [](Recipe& r) { read_labels(r); }};
  const Dataset data = labels.data(20, 0);
  const Model model = make_model(labels.recipe(), data);
  const Table codes = model.encode(data.train).mean, table = model.conditions_of(data.train);
  EXPECT_EQ(model.decode(codes, table).values, model.decode(codes, data.train.labels).values);
  EXPECT_EQ(model.draw(codes, 3, 0, table).values, model.draw(codes, 3, 0, data.train.labels).values);
}

TEST(ConditionedOnColumns, AFileKnowsItsConditions) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = kColumns.data(24, 0);
  Recipe recipe = kColumns.recipe();
  recipe.train.epochs = 1;
  Model model = make_model(recipe, data);
  train(model, data);
  model.save(folder / "m.safetensors");
  const Model again = Model::load(folder / "m.safetensors", device());
  const Table codes = model.encode(data.train).mean, own = model.conditions_of(data.train);
  EXPECT_EQ(again.encode(data.train).mean.values, codes.values);
  EXPECT_EQ(again.decode(codes, own).values, model.decode(codes, own).values);
  EXPECT_EQ(again.conditions()[1].mean, model.conditions()[1].mean);
  EXPECT_GT(again.conditions()[1].mean, 40.0);
}

TEST(ConditionedOnColumns, WhatLacksAConditionIsRefused) {
  ELBO_REQUIRE_DEVICE();
  Dataset data = kColumns.data(20, 0);
  Model model = make_model(kColumns.recipe(), data);
  const Table codes = model.prior_codes(2, 1);
  const std::vector<std::int32_t> labels = {0, 1};
  EXPECT_SAYS(refusal<ConfigError>([&] { model.decode(codes, labels); }), "needs a table of conditions");
  EXPECT_SAYS(refusal<ConfigError>([&] { model.decode(codes); }), "needs a table of conditions");
  EXPECT_SAYS(refusal<ShapeError>([&] {
                model.decode(codes, Table{2, 1, {0, 1}});
              }),
              "each of which needs 3");
  EXPECT_SAYS(refusal<DataError>([&] {
                model.decode(codes, Table{2, 3, {0, 1, 2, 3, 1, 2}});
              }),
              "row 1 has 3 for \"sex\", but the model knows 0 to 2");
  EXPECT_SAYS(refusal<DataError>([&] {
                model.decode(codes, Table{2, 3, {0, NAN, 2, 1, 1, 2}});
              }),
              "row 0 has no \"age\"");
  EXPECT_SAYS(refusal<DataError>([&] { model.encode(to_table(data.train, 0, 2)); }), "has no labels");
  EXPECT_SAYS(refusal<ConfigError>([&] { model.label_costs(data.train, 2); }), "on the label alone");
  EXPECT_SAYS(refusal<ConfigError>([&] { model.condition_value("sax", "1"); }), "did you mean \"sex\"?");
  EXPECT_SAYS(refusal<ConfigError>([&] { model.condition_value("age", "old"); }), "\"age\" takes a number");
  EXPECT_SAYS(refusal<ConfigError>([&] { model.condition_value("sex", "7"); }), "knows no sex called \"7\"");
  EXPECT_EQ(model.condition_value("label", "c"), 2.0f);
  EXPECT_EQ(model.condition_value("age", "4.5e1"), 45.0f);
  const Model plain = make_model(small_recipe(), data);
  EXPECT_SAYS(refusal<ConfigError>([&] { plain.decode(codes, Table{2, 1, {0, 1}}); }), "reads none");
  data.train.conditions.values[14] = NAN;
  EXPECT_SAYS(refusal<DataError>([&] { model.evaluate(data.train); }),
              "row 7 of the evaluated examples has no \"sex\"");
  data.test = data.train.slice(7, 1);
  data.train.conditions.values[14] = 0.0f;
  EXPECT_SAYS(refusal<DataError>([&] { train(model, data); }), "has no \"sex\"")
      << "refused before, not after, training";
}

/// A resumed training with other conditions would be another training.
TEST(ConditionedOnColumns, ATrainingIsNotResumedWithOthers) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  Dataset data = kColumns.data(24, 0);
  Model model = make_model(kColumns.recipe(), data);
  TrainOptions options;
  options.folder = folder / "run";
  options.stop = [] { return true; };
  train(model, data, options);
  options.stop = {};
  options.resume = true;
  data.train.conditions.values[1] += 1.0f;
  Model again = make_model(kColumns.recipe(), data);
  EXPECT_THROW(train(again, data, options), Error);
  data.train.conditions.values[1] -= 1.0f;
  EXPECT_NO_THROW(train(again, data, options));
}

TEST(ConditionedOnColumns, SettingsThatDoNotGoTogetherAreRefused) {
  const auto message = [](void (*change)(Recipe&)) {
    Recipe recipe = kColumns.recipe();
    change(recipe);
    return refusal<ConfigError>([&] { recipe.validate(); });
  };
  EXPECT_EQ(message([](Recipe&) {}), "nothing");
  EXPECT_SAYS(message([](Recipe& r) { r.model.kind = "m2"; }), "takes model.condition = [\"label\"] alone");
  EXPECT_SAYS(message([](Recipe& r) { r.model.prior = "vamp"; }), "pseudo-inputs");
  EXPECT_SAYS(message([](Recipe& r) { r.model.condition[1] = "sex"; }), "names a column twice");
  EXPECT_SAYS(message([](Recipe& r) { r.model.condition_kinds[1] = "number"; }), "neither \"numeric\" nor");
  EXPECT_SAYS(message([](Recipe& r) { r.model.condition_kinds[0] = "categorical 0"; }),
              "neither \"numeric\" nor");
  EXPECT_SAYS(message([](Recipe& r) { r.model.condition_kinds.pop_back(); }), "has 2 kinds");
  EXPECT_SAYS(message([](Recipe& r) { r.model.condition_kinds[2] = "categorical 5"; }),
              "model.condition_classes names 4");
  EXPECT_SAYS(message([](Recipe& r) { r.model.condition = {"sex", "age", "size"}; }), "has no \"label\"");
  EXPECT_SAYS(message([](Recipe& r) { r.model.condition = {"label"}; }), "of the label alone");
  EXPECT_SAYS(message([](Recipe& r) { r.data.codes_of = "runs/a"; }), "data.codes_of");
  Recipe unfilled = small_recipe();
  unfilled.model.condition = {"sex"};
  EXPECT_SAYS(refusal<ConfigError>([&] { Model(unfilled, 12, Device::cpu()); }), "follow_data");
  EXPECT_SAYS(refusal<DataError>([&] { follow_data(unfilled, patterned_data(8, 0)); }),
              "was read without such a condition");
  unfilled.data.name = "digits";
  EXPECT_SAYS(refusal<DataError>([&] { load_dataset(unfilled); }), "is no table with columns");
}

}  // namespace
}  // namespace elbo::test
