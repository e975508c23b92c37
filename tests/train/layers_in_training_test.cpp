// Layers that behave differently in training and in evaluation: dropout and batch normalisation.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "elbo/error.h"
#include "io/safetensors.h"
#include "support/device.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

Recipe recipe_of(std::vector<Layer> encoder, std::vector<Layer> decoder) {
  Recipe recipe = small_recipe();
  recipe.model.encoder = std::move(encoder);
  recipe.model.decoder = std::move(decoder);
  return recipe;
}

Table rows_of(std::int64_t count, std::uint64_t seed) {
  return {count, 12, Random(seed).uniform(count * 12, 0.0, 1.0)};
}

// A row's results do not depend on the rows evaluated with it, even if those were never seen.
TEST(BatchNormInTraining, ARowIsEvaluatedAlike) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(43, 0);
  Model model = make_model(recipe_of({9, "norm batch", 8, "norm batch"}, {7, "norm batch", 9}), data);
  train(model, data);
  const Table alone = rows_of(1, 3);
  const Table expected = model.reconstruct(alone);
  const Posterior posterior = model.encode(alone);
  for (const double scale : {1.0, 0.0}) {
    Table mixed = rows_of(20, 4);
    for (float& value : mixed.values) value *= static_cast<float>(scale);
    std::copy(alone.values.begin(), alone.values.end(), mixed.values.begin() + 7 * 12);
    const Table together = model.reconstruct(mixed);
    const Posterior codes = model.encode(mixed);
    for (std::int64_t j = 0; j < 12; ++j) EXPECT_NEAR(together.row(7)[j], expected.values[j], 1e-6);
    for (std::int64_t j = 0; j < 3; ++j) EXPECT_NEAR(codes.mean.row(7)[j], posterior.mean.values[j], 1e-6);
  }
}

TEST(BatchNormInTraining, RunningStatisticsAreThoseOfTheDataAndSaved) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(64, 0);
  Recipe recipe = recipe_of({"norm batch", 9}, {9});
  recipe.train.batch = 32;
  recipe.train.epochs = 60;  // 120 updates: 0.9¹²⁰ of the initial statistics is left
  TempFolder folder;
  train_into(folder / "run", recipe, data);
  const io::SafetensorsFile file(folder / "run" / "model.safetensors");
  const auto mean = file.floats("encoder.hidden.0.running_mean", {12});
  const auto variance = file.floats("encoder.hidden.0.running_var", {12});
  for (std::size_t j = 0; j < 12; ++j) {
    double of_data = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < 64; ++i) of_data += data.train.bytes[i * 12 + j] / 255.0 / 64.0;
    for (std::size_t i = 0; i < 64; ++i)
      squares += std::pow(data.train.bytes[i * 12 + j] / 255.0 - of_data, 2);
    EXPECT_NEAR(mean[j], of_data, 0.03) << j;
    EXPECT_NEAR(variance[j], squares / 63.0, 0.02) << j;
  }
}

TEST(BatchNormInTraining, BatchesOfOneRowAreRefused) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(9, 0);
  Recipe recipe = recipe_of({9}, {7, "norm batch"});
  recipe.train.batch = 1;
  try {
    train_anew(recipe, data, {});
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("train.batch"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("model.decoder"), std::string::npos) << error.what();
  }
  recipe.train.batch = 8;  // the ninth example is a separate batch
  const TrainReport report = train_anew(recipe, data, {});
  EXPECT_TRUE(std::isfinite(report.epochs.back().train.elbo));
}

// Layers without tensors do not change the initial parameters, so both models are equal.
TEST(DropoutInTraining, IsOffInEvaluation) {
  ELBO_REQUIRE_DEVICE();
  const Dataset data = patterned_data(27, 10);
  Model with = make_model(recipe_of({"dropout 0.5", 9, "dropout 0.3"}, {7, "dropout 0.5", 9}), data);
  Model without = make_model(recipe_of({9}, {7, 9}), data);
  const Table x = rows_of(20, 6);
  EXPECT_EQ(with.encode(x).mean.values, without.encode(x).mean.values);
  EXPECT_EQ(with.reconstruct(x).values, without.reconstruct(x).values);
  EXPECT_EQ(with.evaluate(data.validation).terms.elbo, without.evaluate(data.validation).terms.elbo);
  const TrainReport dropped = train(with, data), whole = train(without, data);
  EXPECT_NE(dropped.epochs[0].train.elbo, whole.epochs[0].train.elbo);
}

}  // namespace
}  // namespace elbo::test
