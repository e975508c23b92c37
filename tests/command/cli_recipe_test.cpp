// elbo recipe, and hints at what settings are called.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "elbo/recipe.h"
#include "support/cli.h"

namespace elbo::test {
namespace {

TEST(CliRecipe, ShowPrintsARecipeThatReadsBack) {
  const auto shown = run_elbo({"recipe", "show", "mnist-deep"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  EXPECT_EQ(shown.err, "");
  EXPECT_EQ(Recipe::from_toml(shown.out), Recipe::named("mnist-deep"));
  const TempFolder folder;
  const auto file = write(folder / "mine.toml", shown.out).string();
  const auto changed = Recipe::from_toml(run_elbo({"recipe", "show", file, "--set", "model.latent=3"}).out);
  EXPECT_EQ(changed.model.latent, 3);
  EXPECT_EQ(changed.model.encoder, Recipe::named("mnist-deep").model.encoder);
  expect_complaint(run_elbo({"recipe", "show", "mnist-dep"}), 2, {"\"mnist-deep\""});
  expect_complaint(run_elbo({"recipe", "show", "digits", "--set", "model.variance=2"}), 2,
                   {"would change nothing"});
}

TEST(CliRecipe, ListNamesThemAll) {
  const auto json = nlohmann::json::parse(run_elbo({"recipe", "list", "--json"}).out);
  EXPECT_EQ(json.at("recipes").size(), Recipe::names().size());
  const auto text = run_elbo({"recipe", "list"}).out;
  for (const auto& name : Recipe::names()) EXPECT_SAYS(text, name + " ");
}

TEST(CliRecipe, WordsOfOtherToolsAreUnderstood) {
  expect_complaint(run_elbo({"train", "digits", "--set", "lr=0.1"}), 2, {"\"train.learning_rate\""});
  expect_complaint(run_elbo({"train", "digits", "--set", "model.hidden=[8]"}), 2, {"\"model.encoder\""});
}

}  // namespace
}  // namespace elbo::test
