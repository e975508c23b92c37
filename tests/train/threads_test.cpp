// A training's model is the same, to the byte, on any number of threads, whatever the machine's cores.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/temp_folder.h"
#include "support/threads.h"
#include "support/recipe_variants.h"
#include "support/training.h"

namespace elbo::test {
namespace {

/// Layers of such widths that their products are divided among threads.
Recipe widened(Recipe recipe) {
  const Recipe small = small_recipe();
  if (recipe.model.encoder == small.model.encoder && recipe.model.decoder == small.model.decoder) {
    recipe.model.encoder = {256};
    recipe.model.decoder = {200, 256};
  }
  return recipe;
}

/// The bytes of the file of a model that so many threads of the CPU have trained.
std::string trained_on(int threads, const Recipe& recipe, const Dataset& data) {
  const Threads team(threads);
  Model model(recipe, data.dims(), Device::cpu(), data.picture);
  train(model, data, {});
  const TempFolder folder;
  model.save(folder / "model.safetensors");
  return io::read_file(folder / "model.safetensors");
}

void expect_same_model(const Recipe& recipe, const Dataset& data) {
  if (device().is_cuda()) GTEST_SKIP() << "of the CPU";
  const std::string alone = trained_on(1, recipe, data);
  for (const int threads : {4, 8, 16})
    EXPECT_TRUE(trained_on(threads, recipe, data) == alone) << threads << " threads";
}

class TrainingOnThreads : public testing::TestWithParam<RecipeVariant> {};
INSTANTIATE_TEST_SUITE_P(Variants, TrainingOnThreads, testing::ValuesIn(recipe_variants()), VariantName());

TEST_P(TrainingOnThreads, HasTheSameBytes) {
  expect_same_model(widened(GetParam().recipe()), GetParam().data(20, 9, 784));
}

TEST(ConvolutionsOnThreads, HaveTheSameBytes) {
  Recipe recipe = small_recipe();
  recipe.model.encoder = {"conv 8 s2", "norm batch", "residual 8", "gated conv 8", 100};
  recipe.model.decoder = {1568, "norm layer", "dropout 0.1", "reshape 14x14x8", "deconv 4 k4 s2"};
  Dataset data = patterned_data(20, 9, 784);
  data.picture = {28, 28, 1};
  expect_same_model(recipe, data);
}

TEST(FilesOnThreads, HaveTheSameBytes) {
  if (device().is_cuda()) GTEST_SKIP() << "of the CPU";
  const TempFolder folder;
  const Dataset data = patterned_data(20, 9, 784);
  for (const int threads : {1, 4, 8, 16}) {
    const Threads team(threads);
    const std::filesystem::path run = folder / std::to_string(threads);
    Model model(widened(small_recipe()), data.dims(), Device::cpu());
    train(model, data, run_options(run));
    expect_same_run(run, folder / "1");
  }
}

TEST(SetThreads, CountForModelsMadeLater) {
  const auto sampled = [] {
    Model model(small_recipe(), 12, Device::cpu());
    return model.sample(300, 7).values;
  };
  const Threads alone(1);
  const auto expected = sampled();
  const Threads team(16);
  EXPECT_EQ(sampled(), expected);
}

}  // namespace
}  // namespace elbo::test
