// Recipes with the names of an earlier elbo are read as before, and the notes say what is now called how.

#include "recipe/former_names.h"

#include <gtest/gtest.h>

#include <set>

#include "elbo/error.h"
#include "support/data.h"

namespace elbo::test {
namespace {

constexpr const char* kFormer =
    "[data]\nbinarize = \"resample\"\nmissing = \"mask\"\n"
    "[model]\noutput_bias = \"drawn\"\nsee_mask = true\n"
    "[objective]\ncycles = 2\nrising_share = 0.25\n"
    "[train]\naccumulate = 3\n";
constexpr const char* kOfToday =
    "[data]\nbinarize = \"dynamic\"\nmissing = \"mask\"\n"
    "[model]\noutput_bias = \"random\"\nencode_mask = true\n"
    "[objective]\ncycles = 2\nramp_fraction = 0.25\n"
    "[train]\naccumulation_steps = 3\n";

using Lines = std::vector<std::string>;

TEST(FormerNames, BelongToOneKeyOrChoiceAlone) {
  std::set<std::string_view> names;
  for (const RecipeKey& key : recipe_keys()) names.insert(key.name);
  for (const RecipeKey& key : recipe_keys()) {
    if (!key.formerly.empty()) {
      EXPECT_TRUE(names.insert(key.formerly).second) << key.formerly;
      EXPECT_EQ(find_recipe_key(key.formerly), &key);
    }
    if (!key.choices) continue;
    std::set<std::string_view> choices;
    for (const Choice& choice : key.choices()) choices.insert(choice.name);
    for (const Choice& choice : key.choices()) {
      if (!choice.formerly.empty()) {
        EXPECT_TRUE(choices.insert(choice.formerly).second) << key.name << " = " << choice.formerly;
      }
    }
  }
}

TEST(FormerNames, OfARecipeAreReadAndNotedWithTheirLines) {
  Lines notes;
  const Recipe recipe = Recipe::from_toml(kFormer, "my.toml", &notes);
  EXPECT_EQ(recipe.to_toml(), Recipe::from_toml(kOfToday).to_toml());
  EXPECT_EQ(notes, (Lines{"my.toml:2: data.binarize = \"resample\" is now called \"dynamic\"",
                          "my.toml:5: model.output_bias = \"drawn\" is now called \"random\"",
                          "my.toml:6: model.see_mask is now called model.encode_mask",
                          "my.toml:9: objective.rising_share is now called objective.ramp_fraction",
                          "my.toml:11: train.accumulate is now called train.accumulation_steps"}));
}

TEST(FormerNames, OfAFileAreNoted) {
  const TempFolder folder;
  Lines notes;
  const auto file = write(folder / "mine.toml", kFormer);
  EXPECT_EQ(Recipe::from_file(file, &notes).train.accumulation_steps, 3);
  EXPECT_EQ(notes.size(), 5u);
}

TEST(FormerNames, AreReadWhereNobodyIsTold) {
  EXPECT_EQ(Recipe::from_toml(kFormer).to_toml(), Recipe::from_toml(kOfToday).to_toml());
}

TEST(FormerNames, OfTodayAreNotNoted) {
  Lines notes;
  Recipe recipe = Recipe::from_toml(kOfToday, "my.toml", &notes);
  recipe.set("train.accumulation_steps=2", &notes);
  EXPECT_EQ(notes, Lines{});
  EXPECT_EQ(recipe.to_toml().find("accumulate "), std::string::npos) << "what is written has today's names";
}

TEST(FormerNames, OfSettingsAreReadAndNoted) {
  Recipe recipe;
  Lines notes;
  for (const char* setting : {"train.accumulate=2", "data.binarize=resample", "model.output_bias = drawn",
                              "objective.cycles=3", "objective.rising_share=0.75", "model.see_mask=true"}) {
    recipe.set(setting, &notes);
  }
  EXPECT_EQ(recipe.train.accumulation_steps, 2);
  EXPECT_EQ(recipe.data.binarize, Binarize::dynamic);
  EXPECT_EQ(recipe.model.output_bias, OutputBias::random);
  EXPECT_EQ(recipe.objective.ramp_fraction, 0.75);
  EXPECT_TRUE(recipe.model.encode_mask);
  EXPECT_EQ(notes, (Lines{"train.accumulate is now called train.accumulation_steps",
                          "data.binarize = \"resample\" is now called \"dynamic\"",
                          "model.output_bias = \"drawn\" is now called \"random\"",
                          "objective.rising_share is now called objective.ramp_fraction",
                          "model.see_mask is now called model.encode_mask"}));
}

TEST(FormerNames, AreCheckedAsTodays) {
  Recipe recipe;
  expect_error<ConfigError>([&] { recipe.set("train.accumulate=0"); }, {"train.accumulation_steps is 0"});
  const Lines settings = {"objective.rising_share=1"};
  recipe.set(settings[0]);
  expect_error<ConfigError>([&] { recipe.check_counts(settings); },
                            {"objective.rising_share=1 would change nothing", "objective.ramp_fraction"});
}

TEST(FormerNames, ExcludeTodaysInOneRecipe) {
  const auto read = [] { Recipe::from_toml("[train]\naccumulate = 2\naccumulation_steps = 2\n", "my.toml"); };
  expect_error<ConfigError>(read, {"my.toml:3: ", "train.accumulate and train.accumulation_steps"});
}

TEST(FormerNames, ExcludeTodaysInSettings) {
  const Lines both = {"model.encode_mask=true", "data.missing=mask", "model.see_mask=true"};
  const Lines twice = {"train.accumulate=2", "train.accumulate=3"};
  Recipe recipe;
  for (const auto& setting : both) recipe.set(setting);
  for (const auto& setting : twice) recipe.set(setting);
  expect_error<ConfigError>([&] { recipe.check_counts(both); }, {"model.see_mask and model.encode_mask"});
  EXPECT_NO_THROW(recipe.check_counts(twice)) << "the last one counts, as always";
}

TEST(FormerNames, OfARecipeGiveWayToSettings) {
  Recipe recipe = Recipe::from_toml(kFormer);
  const Lines settings = {"train.accumulation_steps=5"};
  recipe.set(settings[0]);
  EXPECT_NO_THROW(recipe.check_counts(settings));
  EXPECT_EQ(recipe.train.accumulation_steps, 5);
}

}  // namespace
}  // namespace elbo::test
