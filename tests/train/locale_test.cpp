// Files are the same whatever the locale of the program around elbo.

#include <gtest/gtest.h>

#include "support/data.h"
#include "support/foreign_locale.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

/// Data of more than a thousand values a row, so that the foreign locale would write a point into the number.
Dataset wide_data() {
  Dataset data = patterned_data(9, 5, 1200);
  data.picture = {1, 1200, 1};
  return data;
}

Recipe wide_recipe() {
  Recipe recipe = small_recipe();
  recipe.model.encoder = {4};
  recipe.model.decoder = {4};
  recipe.train.epochs = 2;
  recipe.train.seed = 1234567;
  return recipe;
}

TEST(ForeignLocales, ChangeNoFile) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = wide_data();
  train_into(folder / "classic", wide_recipe(), data);
  {
    const ForeignLocale foreign;
    Recipe first = wide_recipe();
    TrainOptions options = run_options(folder / "foreign", false);
    options.stop = [left = 1]() mutable { return left-- == 0; };
    train_anew(first, data, options);
    train_into(folder / "foreign", wide_recipe(), data, true);
    const Model model = Model::load(folder / "foreign", device());
    EXPECT_EQ(model.dims(), 1200);
    EXPECT_EQ(model.picture(), data.picture);
    model.save(folder / "foreign.safetensors");
  }
  expect_same_run(folder / "foreign", folder / "classic");
  EXPECT_EQ(io::read_file(folder / "foreign.safetensors"),
            io::read_file(folder / "classic/model.safetensors"));
}

TEST(ForeignLocales, ChangeNoRecipe) {
  Recipe recipe = small_recipe();
  recipe.train.learning_rate = 1.5e-3;
  recipe.train.batch = 12345;
  recipe.model.encoder = {1200, "dropout 0.25"};
  const std::string text = recipe.to_toml();
  const ForeignLocale foreign;
  EXPECT_EQ(recipe.to_toml(), text);
  EXPECT_EQ(Recipe::from_toml(text, "r.toml").to_toml(), text);
  recipe.set("train.learning_rate=0.25");
  EXPECT_EQ(recipe.value("train.learning_rate"), "0.25");
  expect_error<ConfigError>([&] { recipe.set("train.learning_rate=-1234567"); }, {"-1234567.0"});
}

}  // namespace
}  // namespace elbo::test
