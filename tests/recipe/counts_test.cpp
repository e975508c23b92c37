// Which settings count: the tables of choices, their description of each key, and the refused settings.

#include "recipe/counts.h"

#include <gtest/gtest.h>

#include <set>

#include "elbo/error.h"
#include "math/likelihoods/list.h"
#include "support/data.h"

namespace elbo {
namespace {

using test::expect_error;

Recipe recipe_with(const std::vector<std::string>& settings) {
  Recipe recipe;
  for (const std::string& setting : settings) recipe.set(setting);
  return recipe;
}

bool count(const char* key, const std::vector<std::string>& settings) {
  return counts(*find_recipe_key(key), recipe_with(settings));
}

TEST(Counts, TablesOfChoicesNameKeysThatThereAre) {
  for (const RecipeKey& key : recipe_keys()) {
    if (!key.with.empty()) {
      ASSERT_TRUE(find_recipe_key(key.with)) << key.name;
      EXPECT_TRUE(find_recipe_key(key.with)->turns_on) << key.name;
    }
    if (!key.choices) continue;
    std::set<std::string_view> names;
    for (const Choice& choice : key.choices()) {
      EXPECT_TRUE(names.insert(choice.name).second) << key.name << " = " << choice.name << " twice";
      for (const auto listed : choice.keys) {
        EXPECT_TRUE(find_recipe_key(listed)) << key.name << " = " << choice.name << ": " << listed;
        EXPECT_NE(listed, key.name);
      }
    }
    EXPECT_TRUE(names.count(key.chosen(Recipe{}))) << key.name;
  }
}

TEST(Counts, ChoicesOfEnumsAreInTheOrderOfTheEnumerators) {
  const auto with = [](const char* setting) {
    Recipe recipe;
    recipe.set(setting);
    EXPECT_EQ(Recipe::from_toml(recipe.to_toml()), recipe) << setting;
    return recipe;
  };
  EXPECT_EQ(with("data.binarize=threshold").data.binarize, Binarize::threshold);
  EXPECT_EQ(with("data.binarize=dynamic").data.binarize, Binarize::dynamic);
  EXPECT_EQ(with("data.missing=mask").data.missing, MissingValues::mask);
  EXPECT_EQ(with("data.header=true").data.header, HeaderLine::present);
  EXPECT_EQ(with("data.header=false").data.header, HeaderLine::absent);
  EXPECT_EQ(with("data.decimal=point").data.decimal, DecimalSign::point);
  EXPECT_EQ(with("data.decimal=comma").data.decimal, DecimalSign::comma);
  EXPECT_EQ(with("model.initialization=he").model.initialization, Initialization::he);
  EXPECT_EQ(with("model.initialization=glorot").model.initialization, Initialization::glorot);
  EXPECT_EQ(with("model.output_bias=data").model.output_bias, OutputBias::data);
  EXPECT_EQ(with("train.precision=auto").train.precision, std::nullopt);
  EXPECT_EQ(with("train.precision=fp32").train.precision, Precision::fp32);
  EXPECT_EQ(with("train.precision=tf32").train.precision, Precision::tf32);
  EXPECT_EQ(with("train.precision=bf16").train.precision, Precision::bf16);
}

TEST(Counts, AnEnumOfNoChoiceIsRefused) {
  Recipe recipe;
  recipe.data.missing = static_cast<MissingValues>(7);
  expect_error<ConfigError>([&] { recipe.validate(); }, {"data.missing cannot be \"number 7\""});
}

TEST(Counts, TheTableOfLikelihoodsHasEachInItsPlace) {
  const auto choices = likelihood_choices();
  ASSERT_EQ(choices.size(), std::size(kLikelihoods) + 1);
  for (std::size_t i = 0; i < std::size(kLikelihoods); ++i) EXPECT_EQ(choices[i].name, kLikelihoods[i].name);
  EXPECT_EQ(choices.back().name, "mixed");
}

TEST(Counts, AKeyCountsWithTheChoicesThatListIt) {
  EXPECT_TRUE(count("train.seed", {})) << "no choice lists it";
  EXPECT_FALSE(count("train.decay_epochs", {}));
  EXPECT_FALSE(count("train.decay_epochs", {"train.schedule=cosine"}));
  EXPECT_TRUE(count("train.decay_epochs", {"train.schedule=step"}));
  EXPECT_TRUE(count("train.learning_rate", {"train.schedule=cosine"}));
  EXPECT_FALSE(count("train.learning_rate", {"train.schedule=staged"}));
  EXPECT_TRUE(count("model.variance", {"model.likelihood=gaussian"}));
  EXPECT_TRUE(count("model.variance", {"model.likelihood=gaussian-shared"}));
  EXPECT_FALSE(count("model.variance", {"model.likelihood=gaussian-learned"}));
  EXPECT_TRUE(count("model.prior", {}));
  EXPECT_FALSE(count("model.prior", {"model.kind=autoencoder"}));
  EXPECT_FALSE(count("model.components", {}));
  EXPECT_TRUE(count("model.components", {"model.prior=mixture"}));
  EXPECT_FALSE(count("model.pseudo_inputs_sd", {"model.prior=mixture"}));
  EXPECT_TRUE(count("model.pseudo_inputs_sd", {"model.prior=vamp"}));
  EXPECT_TRUE(count("objective.code_l1", {"model.kind=autoencoder"}));
  EXPECT_FALSE(count("objective.code_l1", {}));
  EXPECT_TRUE(count("objective.corruption_amount", {"objective.corruption=masking"}));
  EXPECT_FALSE(count("objective.corruption_amount", {}));
}

TEST(Counts, AChoiceOfAKeyThatDoesNotCountIsNone) {
  EXPECT_TRUE(count("objective.free_bits", {}));
  EXPECT_FALSE(count("objective.free_bits", {"objective.kind=iwae"}));
  EXPECT_FALSE(count("objective.free_bits", {"model.kind=autoencoder"})) << "its objective.kind is elbo";
}

TEST(Counts, AKeyCountsWhileTheOneItGoesWithTurnsSomethingOn) {
  EXPECT_FALSE(count("objective.ramp_fraction", {}));
  EXPECT_TRUE(count("objective.ramp_fraction", {"objective.cycles=3"}));
  EXPECT_FALSE(count("objective.ramp_fraction", {"objective.cycles=3", "model.kind=autoencoder"}));
  EXPECT_FALSE(count("objective.capacity_epochs", {}));
  EXPECT_TRUE(count("objective.capacity_epochs", {"objective.capacity=5"}));
  EXPECT_FALSE(count("objective.capacity_epochs", {"objective.capacity=5", "objective.kind=iwae"}));
}

TEST(Counts, SaysWithWhatAKeyCounts) {
  const auto said = [](const char* key) { return counts_with(*find_recipe_key(key)); };
  EXPECT_EQ(said("train.seed"), "");
  EXPECT_EQ(said("train.decay_factor"), "train.schedule = \"step\"");
  EXPECT_EQ(said("train.learning_rate"), "train.schedule = \"constant\", \"step\" or \"cosine\"");
  EXPECT_EQ(said("objective.ramp_fraction"),
            "objective.cycles other than 0 and model.kind = \"vae\" or \"m2\"");
  EXPECT_EQ(said("objective.capacity_epochs"),
            "objective.capacity other than 0.0, objective.kind = \"elbo\" and model.kind = \"vae\"");
}

struct Refusal {
  std::vector<std::string> settings;
  std::string why;
};

TEST(Counts, SettingsThatWouldChangeNothingAreRefused) {
  const std::vector<Refusal> refusals = {
      {{"train.decay_epochs=2"},
       "counts with train.schedule = \"step\". train.schedule is \"constant\", with which "
       "train.learning_rate counts."},
      {{"train.decay_factor=0.5"}, "train.schedule = \"step\""},
      {{"train.final_learning_rate=0"}, "train.schedule = \"cosine\""},
      {{"train.schedule=staged", "train.epochs=2", "train.stage_epochs=[2]", "train.stage_rates=[1e-3]",
        "train.learning_rate=1e-3"},
       "train.schedule is \"staged\", with which train.stage_epochs and train.stage_rates count."},
      {{"objective.ramp_fraction=1"}, "objective.cycles is 0."},
      {{"model.kind=autoencoder", "objective.beta=3"}, "model.kind = \"vae\""},
      {{"model.variance=2"}, "model.likelihood = \"gaussian\", \"gaussian-sigmoid\" or \"gaussian-shared\""},
      {{"model.scale=2"}, "model.likelihood = \"laplace\""},
      {{"model.classes = 3"}, "model.likelihood = \"categorical\""},
  };
  for (const auto& [settings, why] : refusals) {
    const Recipe recipe = recipe_with(settings);
    EXPECT_NO_THROW(recipe.validate()) << "a file may have it: " << settings.back();
    expect_error<ConfigError>([&] { recipe.check_counts(settings); },
                              {settings.back() + " would change nothing: ", why});
  }
  EXPECT_NO_THROW(recipe_with({"train.schedule=step"})
                      .check_counts(std::vector<std::string>{"train.decay_factor=0.5", "train.seed=3",
                                                             "train.decay_epochs=30"}))
      << "a default may be set";
}

TEST(Counts, WhatIsOffMayBeTurnedOffAgain) {
  const std::vector<std::string> settings = {"train.stage_epochs=[]", "train.stage_rates=[]",
                                             "objective.code_l1=0", "objective.capacity_epochs=0"};
  EXPECT_NO_THROW(recipe_with(settings).check_counts(settings));
}

TEST(Counts, WhatIsTurnedOnInVainIsRefusedInFilesToo) {
  const auto read = [](const std::string& text) { return [text] { Recipe::from_toml(text, "x.toml"); }; };
  expect_error<ConfigError>(read("[train]\nstage_rates = [1e-3]\n"),
                            {"x.toml: train.stage_rates = [0.001] would change nothing",
                             "train.schedule is \"constant\"", "leave train.stage_rates at []."});
  expect_error<ConfigError>(read("[model]\nkind = \"autoencoder\"\n[objective]\nsamples = 5\n"),
                            {"objective.samples = 5", "model.kind = \"vae\"", "model.kind is \"autoencoder\"",
                             "leave objective.samples at 1."});
  expect_error<ConfigError>(read("[objective]\ncode_l2 = 0.5\n"),
                            {"objective.code_l2 = 0.5", "model.kind = \"autoencoder\""});
  EXPECT_NO_THROW(read("[train]\ndecay_epochs = 5\n[model]\nvariance = 0.5\nscale = 2\nclasses = 3\n")());
}

TEST(Counts, ASettingWithoutAKeyIsUnknown) {
  expect_error<ConfigError>([] { Recipe{}.check_counts(std::vector<std::string>{"model.latnet=2"}); },
                            {"model.latnet", "\"model.latent\""});
}

TEST(Counts, RecipesWithoutAPriorHaveTheNormalOne) {
  EXPECT_EQ(Recipe::from_toml("[model]\nlatent = 3\n").model.prior, "normal");
  expect_error<ConfigError>([] { Recipe{}.set("model.prior=vampire"); }, {"model.prior", "normal"});
}

}  // namespace
}  // namespace elbo
