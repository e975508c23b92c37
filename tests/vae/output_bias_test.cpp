// Initial biases that are not drawn: the decoder's output starts at the training data's mean.

#include "train/output_bias.h"

#include <gtest/gtest.h>

#include "elbo/error.h"
#include "io/safetensors.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

/// Four examples of four dimensions with means 1/4, 0, 1 and 0.7.
Dataset means_data() {
  Dataset data;
  data.name = "means";
  data.train.count = data.train.dims = 4;
  data.train.floats = {1, 0, 1, 0.8f, 0, 0, 1, 0.6f, 0, 0, 1, 0.4f, 0, 0, 1, 1};
  return data;
}

std::vector<float> output_bias(Recipe recipe, const Dataset& data = means_data()) {
  recipe.model.output_bias = OutputBias::data;
  recipe.train.epochs = 0;
  TempFolder folder;
  train_into(folder / "run", recipe, data);
  return io::SafetensorsFile(folder / "run" / "last.safetensors").floats("decoder.output.bias", {4});
}

void expect_near(const std::vector<float>& actual, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 2e-6) << i;
}

TEST(OutputBias, IsTheLogitOfClippedMeansForBernoulli) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  // log(1/3), log(0.001/0.999), its negative, log(0.7/0.3)
  const std::vector<double> logits = {-1.0986123, -6.9067548, 6.9067548, 0.8472979};
  expect_near(output_bias(recipe), logits);
  recipe.data.binarize = Binarize::dynamic;
  expect_near(output_bias(recipe), logits);
  recipe.data.binarize = Binarize::threshold;  // 3/4 of the last column are above ½
  expect_near(output_bias(recipe), {-1.0986123, -6.9067548, 6.9067548, 1.0986123});
}

TEST(OutputBias, IsTheLogitWhereTheMeanIsASigmoid) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.model.likelihood = "gaussian-sigmoid";
  expect_near(output_bias(recipe), {-1.0986123, -6.9067548, 6.9067548, 0.8472979});
}

TEST(OutputBias, IsTheMeanForGaussians) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  for (const char* likelihood : {"gaussian", "gaussian-learned"}) {
    recipe.model.likelihood = likelihood;
    recipe.data.standardize = false;
    expect_near(output_bias(recipe), {0.25, 0.0, 1.0, 0.7});
    recipe.data.standardize = true;
    expect_near(output_bias(recipe), {0.0, 0.0, 0.0, 0.0});
  }
}

// Only a new model gets this bias: a model that was trained or loaded keeps its parameters.
TEST(OutputBias, LeavesTrainedParametersAlone) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.model.output_bias = OutputBias::data;
  TempFolder folder;
  train_into(folder / "first", recipe, means_data());
  const auto bias = [&](const char* run) {
    return io::SafetensorsFile(folder / run / "last.safetensors").floats("decoder.output.bias", {4});
  };
  EXPECT_NE(bias("first"), output_bias(recipe));
  Model model = Model::load(folder / "first", device());
  Dataset other = means_data();
  other.train.floats = {0, 1, 0, 0.1f, 0, 1, 0, 0.1f, 0, 1, 0, 0.1f, 0, 1, 0, 0.1f};  // far from the first
  train(model, other, run_options(folder / "second"));
  // Three steps of Adam at 0.01 move at most this far; the logits of these means are at least 7 away.
  const auto before = bias("first"), after = bias("second");
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 0.05) << i;
}

}  // namespace
}  // namespace elbo::test
