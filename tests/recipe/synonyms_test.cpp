// Keys by the names that other tools have for them.

#include <gtest/gtest.h>

#include <set>

#include "elbo/error.h"
#include "elbo/recipe.h"
#include "recipe/keys.h"
#include "recipe/synonyms.h"
#include "support/data.h"

namespace elbo {
namespace {

using test::expect_error;

TEST(Synonyms, MeanKeysThatThereAreAndAreNoneThemselves) {
  std::set<std::string_view> words;
  for (const Synonym& synonym : synonyms()) {
    EXPECT_NE(find_recipe_key(synonym.key), nullptr) << synonym.key;
    EXPECT_TRUE(words.insert(synonym.word).second) << synonym.word << " is there twice";
    for (const char* section : {"data.", "model.", "objective.", "train."})
      EXPECT_EQ(find_recipe_key(section + std::string(synonym.word)), nullptr) << synonym.word;
  }
}

TEST(Synonyms, AreWhatAnUnknownKeyIsTakenFor) {
  Recipe recipe;
  const auto expect_hint = [&](const std::string& setting, const std::string& key) {
    expect_error<ConfigError>([&] { recipe.set(setting); }, {"did you mean \"" + key + "\"?"});
  };
  expect_hint("lr=0.1", "train.learning_rate");
  expect_hint("train.LR=0.1", "train.learning_rate");
  expect_hint("model.hidden=[8]", "model.encoder");
  expect_hint("batch-size=8", "train.batch");
  expect_hint("latent_dim=8", "model.latent");
  expect_hint("epochs=8", "train.epochs");
  expect_hint("model.latnet=2", "model.latent");
  expect_error<ConfigError>([] { Recipe::from_toml("[train]\nmax_epochs = 3\n"); },
                            {"max_epochs", "\"train.epochs\""});
}

}  // namespace
}  // namespace elbo
