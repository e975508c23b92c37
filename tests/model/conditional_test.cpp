// Conditional models by the API: labels are read, needed, and refused where nothing reads them.

#include <gtest/gtest.h>

#include <cmath>

#include "elbo/elbo.h"
#include "model/model_file.h"
#include "model/state.h"
#include "model/stored_batches.h"
#include "support/data.h"
#include "support/expect_says.h"
#include "support/temp_folder.h"
#include "support/recipe_variants.h"
#include "support/refusal.h"
#include "support/training.h"

namespace elbo::test {
namespace {

Recipe conditional_recipe() {
  Recipe recipe = small_recipe();
  read_labels(recipe);
  return recipe;
}

/// Two values, whose mean is 3 for label 0 and −3 for label 1.
Dataset two_groups(std::int64_t count) {
  Random random(4);
  std::vector<float> values;
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    labels.push_back(static_cast<std::int32_t>(i % 2));
    for (int j = 0; j < 2; ++j)
      values.push_back(static_cast<float>((i % 2 ? -3.0 : 3.0) + random.unit() - 0.5));
  }
  Dataset data = Dataset::from_floats(std::move(values), 2);
  data.train.labels = std::move(labels);
  return data;
}

TEST(Conditional, DrawsFollowTheirLabels) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = two_groups(256);
  Recipe recipe = small_recipe();
  recipe.model.likelihood = "gaussian-learned";
  recipe.model.condition = {"label"};
  recipe.train.epochs = 30;
  recipe = follow_data(recipe, data);
  EXPECT_EQ(recipe.model.condition_classes, (std::vector<std::string>{"0", "1"}));
  Model model(recipe, 2, device());
  train(model, data);
  const std::vector<std::int32_t> labels = {0, 1, 0, 1, 0, 1};
  const Table samples = model.sample(6, 1, labels);
  for (std::int64_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(samples.row(i)[0], i % 2 ? -3.0f : 3.0f, 1.0f) << i;
    EXPECT_NEAR(samples.row(i)[1], i % 2 ? -3.0f : 3.0f, 1.0f) << i;
  }
  const std::vector<std::int32_t> others(256, 1);
  const Table as_others = model.reconstruct(data.train, others);
  for (std::int64_t i = 0; i < 256; ++i) EXPECT_LT(as_others.row(i)[0], 0.0f) << i;

  Examples changed = data.train;
  for (std::int32_t& label : changed.labels) label = 1 - label;
  const double right = model.evaluate(data.train, 20).nll->mean,
               wrong = model.evaluate(changed, 20).nll->mean;
  EXPECT_LT(right + 2.0, wrong) << "an example under another's label is less likely";
}

TEST(Conditional, ReconstructionsDecodeTheMeanWithTheLabelsThatAreAsked) {
  ELBO_REQUIRE_DEVICE();
  const Recipe recipe = conditional_recipe();
  const Dataset data = RecipeVariant{"", [](Recipe& r) { read_labels(r); }}.data(20, 0);
  const Model model = make_model(recipe, data);
  const Table codes = model.encode(data.train).mean;
  EXPECT_EQ(model.reconstruct(data.train).values, model.decode(codes, data.train.labels).values);
  const std::vector<std::int32_t> as(20, 2);
  EXPECT_EQ(model.reconstruct(data.train, as).values, model.decode(codes, as).values);
  EXPECT_NE(model.reconstruct(data.train, as).values, model.reconstruct(data.train).values);
  EXPECT_NE(model.draw(codes, 1, 0, as).values, model.draw(codes, 1, 0, data.train.labels).values);
}

TEST(Conditional, LabelsAreImputedWith) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = RecipeVariant{"", [](Recipe& r) { read_labels(r); }}.data(20, 0);
  const Model model = make_model(conditional_recipe(), data);
  Table rows = to_table(data.train, 0, 20);
  for (std::size_t i = 0; i < rows.values.size(); i += 3) rows.values[i] = NAN;
  const auto imputed = [&](std::vector<std::int32_t> labels) {
    return model.impute(rows, {.samples = 20, .min_effective = 15.0, .max_samples = 80, .labels = labels})
        .values.values;
  };
  EXPECT_EQ(imputed(data.train.labels), imputed(data.train.labels));
  EXPECT_NE(imputed(data.train.labels), imputed(std::vector<std::int32_t>(20, 3)));
  EXPECT_THROW(imputed({}), ShapeError);
}

TEST(Conditional, AFileKnowsItsLabels) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = RecipeVariant{"", [](Recipe& r) { read_labels(r); }}.data(20, 0);
  const Model model = make_model(conditional_recipe(), data);
  model.save(folder / "m.safetensors");
  const Model again = Model::load(folder / "m.safetensors", device());
  EXPECT_EQ(again.recipe().model.condition_classes, (std::vector<std::string>{"a", "b", "c", "d"}));
  const Table codes = model.encode(data.train).mean;
  EXPECT_EQ(again.encode(data.train).mean.values, codes.values);
  EXPECT_EQ(again.decode(codes, data.train.labels).values, model.decode(codes, data.train.labels).values);
}

TEST(Conditional, CostsOfLabelsAreTheScoresUnderThem) {
  ELBO_REQUIRE_DEVICE();
  Dataset data = RecipeVariant{"", [](Recipe& r) { read_labels(r); }}.data(20, 0);
  const Model model = make_model(conditional_recipe(), data);
  const Table nll = model.label_costs(data.train, 3, 7), elbo = model.label_costs(data.train, 0, 7);
  ASSERT_EQ(nll.rows, 20);
  ASSERT_EQ(nll.cols, 4);
  for (std::int32_t y = 0; y < 4; ++y) {
    Examples as = data.train;
    as.labels.assign(20, y);
    const auto scores = model.scores(as, 3, 7), one = model.scores(as, 0, 7);
    for (std::int64_t i = 0; i < 20; ++i) {
      const auto at = static_cast<std::size_t>(i), column = static_cast<std::size_t>(y);
      EXPECT_EQ(nll.row(i)[column], static_cast<float>(scores.nll[at]));
      EXPECT_EQ(elbo.row(i)[column], static_cast<float>(one.negative_elbo[at]));
    }
  }
  data.train.labels.clear();
  EXPECT_EQ(model.label_costs(data.train, 3, 7).values, nll.values) << "own labels are not read";
  const Model plain = make_model(small_recipe(), data);
  EXPECT_THROW(plain.label_costs(data.train, 3), ConfigError);
}

TEST(PosteriorCodes, AreDrawnAboutTheirMean) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(1, 0);
  const Model model = make_model(small_recipe(), data);
  const Examples many = data.train.chosen(std::vector<std::int64_t>(4000, 0));
  const Posterior q = model.encode(data.train);
  const Table codes = model.posterior_codes(many, 3);
  for (std::size_t d = 0; d < 3; ++d) {
    double mean = 0.0, square = 0.0;
    for (std::int64_t i = 0; i < codes.rows; ++i) mean += codes.row(i)[d] / 4000.0;
    for (std::int64_t i = 0; i < codes.rows; ++i) square += std::pow(codes.row(i)[d] - mean, 2) / 4000.0;
    const double deviation = std::exp(0.5 * q.log_variance.row(0)[d]);
    EXPECT_NEAR(mean, q.mean.row(0)[d], 5.0 * deviation / std::sqrt(4000.0));
    EXPECT_NEAR(std::sqrt(square), deviation, 0.06 * deviation);
  }
  const Table part = model.posterior_codes(many.slice(1000, 5), 3, 1000);
  for (std::int64_t i = 0; i < 5; ++i) EXPECT_EQ(part.row(i)[1], codes.row(1000 + i)[1]);
  EXPECT_NE(model.posterior_codes(many.slice(0, 5), 4).values,
            model.posterior_codes(many.slice(0, 5), 3).values);
  EXPECT_THROW(model.posterior_codes(many, 1, -1), ShapeError);
  Recipe recipe = small_recipe();
  recipe.model.kind = "autoencoder";
  EXPECT_THROW(make_model(recipe, data).posterior_codes(many, 1), ConfigError);
}

TEST(Conditional, WhatLacksALabelIsRefused) {
  ELBO_REQUIRE_DEVICE();
  Dataset data = RecipeVariant{"", [](Recipe& r) { read_labels(r); }}.data(20, 0);
  Model model = make_model(conditional_recipe(), data);
  const Table codes = model.prior_codes(2, 1);
  const std::vector<std::int32_t> outside = {0, 4}, one = {0};
  EXPECT_SAYS(refusal<DataError>([&] { model.encode(to_table(data.train, 0, 2)); }), "has no labels, which");
  EXPECT_SAYS(refusal<ShapeError>([&] { model.decode(codes); }), "0 labels were given for 2 rows");
  EXPECT_SAYS(refusal<ShapeError>([&] { model.decode(codes, one); }), "1 labels were given for 2 rows");
  EXPECT_SAYS(refusal<DataError>([&] { model.decode(codes, outside); }), "row 1 has the label 4");
  EXPECT_SAYS(refusal<DataError>([&] { model.reconstruct(data.train.slice(0, 2), outside); }),
              "row 1 has the label 4");
  Table hole = to_table(data.train, 0, 2);
  EXPECT_SAYS(refusal<DataError>([&] {
                model.impute(hole, {.samples = 4, .first_row = 8, .labels = {0, kNoLabel}});
              }),
              "row 9 has no label");
  data.train.labels[7] = kNoLabel;
  EXPECT_SAYS(refusal<DataError>([&] { model.evaluate(data.train); }),
              "row 7 of the evaluated examples has no");
  EXPECT_SAYS(refusal<DataError>([&] { train(model, data); }), "has no label, which model.condition reads");
  data.test = data.train.slice(7, 1);
  data.train.labels[7] = 0;
  EXPECT_SAYS(refusal<DataError>([&] { train(model, data); }), "has no label")
      << "refused before, not after, training";
  data.test = Examples();
  data.label_names = {"b", "a", "c", "d"};
  EXPECT_SAYS(refusal<DataError>([&] { train(model, data); }),
              "are not model.condition_classes, in this order");
  data.label_names.clear();
  data.train.labels[7] = 4;
  EXPECT_SAYS(refusal<DataError>([&] { model.scores(data.train, 2); }),
              "has the label 4, but the model knows");
  const Model plain = make_model(small_recipe(), data);
  EXPECT_SAYS(refusal<ConfigError>([&] { plain.decode(codes, one); }), "reads none");
}

/// A resumed training with other labels would be another training.
TEST(Conditional, ATrainingIsNotResumedWithOtherLabels) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  Dataset data = RecipeVariant{"", [](Recipe& r) { read_labels(r); }}.data(24, 0);
  Model model = make_model(conditional_recipe(), data);
  TrainOptions options;
  options.folder = folder / "run";
  options.stop = [] { return true; };
  train(model, data, options);
  options.stop = {};
  options.resume = true;
  data.train.labels[3] = (data.train.labels[3] + 1) % 4;
  Model again = make_model(conditional_recipe(), data);
  EXPECT_THROW(train(again, data, options), Error);
  data.train.labels[3] = (data.train.labels[3] + 3) % 4;
  EXPECT_NO_THROW(train(again, data, options));
}

/// A first layer may share its input's memory, which the condition must not change.
TEST(Conditional, InputsAndCodesStayAsTheyAre) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = conditional_recipe();
  recipe.model.encoder = {"dropout 0.5", 6};
  recipe.model.decoder = {"dropout 0.5", 5};
  const Dataset data = RecipeVariant{"", [](Recipe& r) { read_labels(r); }}.data(8, 0);
  const Model model = make_model(recipe, data);
  const ModelState& state = state_of(model);
  const Workspace workspace(*state.vae, 8);
  const Batch batch = workspace.rows(8);
  const StoredBatches batches(state, data.train, 0);
  batches.fill(batch, 0);
  const auto before = to_host(*state.context, batch.tape().vector(state.vae->parts().slots.x));
  state.vae->encode(batch);
  state.vae->sample(batch, {.seed = 1});
  const auto codes = to_host(*state.context, batch.tape().vector(state.vae->parts().slots.z));
  state.vae->decode(batch);
  EXPECT_EQ(to_host(*state.context, batch.tape().vector(state.vae->parts().slots.x)), before);
  EXPECT_EQ(to_host(*state.context, batch.tape().vector(state.vae->parts().slots.z)), codes);
}

TEST(Conditional, SettingsThatDoNotGoTogetherAreRefused) {
  const auto message = [](void (*change)(Recipe&)) {
    Recipe recipe = conditional_recipe();
    change(recipe);
    return refusal<ConfigError>([&] { recipe.validate(); });
  };
  EXPECT_EQ(message([](Recipe&) {}), "nothing");
  EXPECT_SAYS(message([](Recipe& r) { r.model.condition = {"colour"}; }),
              "names labels, and model.condition has no \"label\"");
  EXPECT_SAYS(message([](Recipe& r) { r.model.prior = "vamp"; }), "pseudo-inputs, which have no label");
  EXPECT_SAYS(message([](Recipe& r) { r.model.condition_classes = {"a", "a"}; }), "names a label twice");
  EXPECT_SAYS(message([](Recipe& r) {
                for (int i = 0; i < 4096; ++i) r.model.condition_classes.push_back(std::to_string(i));
              }),
              "has 4100 labels; 4096 is the maximum");
  Recipe unfilled = small_recipe();
  unfilled.model.condition = {"label"};
  EXPECT_SAYS(refusal<ConfigError>([&] { Model(unfilled, 12, Device::cpu()); }), "follow_data");
  EXPECT_SAYS(refusal<DataError>([&] { follow_data(unfilled, patterned_data(8, 0)); }), "has none.");
}

}  // namespace
}  // namespace elbo::test
