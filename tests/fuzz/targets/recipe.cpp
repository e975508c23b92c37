// Recipes, and single settings.

#include "elbo/recipe.h"
#include "fuzz/target.h"

namespace elbo::fuzz {
namespace {

void check_recipe(const Recipe& recipe) {
  const std::string text = recipe.to_toml();
  const Recipe again = Recipe::from_toml(text);
  require(again == recipe, "a recipe reads back equal");
  require(again.to_toml() == text, "its text is the same again");
}

}  // namespace

ELBO_FUZZ_TARGET(recipe) {
  std::vector<std::string> notes;
  if (const auto recipe = unless_refused([&] { return Recipe::from_toml(input, "input", &notes); })) {
    check_recipe(*recipe);
  }
  const auto set = unless_refused([&] {
    Recipe recipe;
    recipe.set(input, &notes);
    recipe.validate();
    return recipe;
  });
  if (set) check_recipe(*set);
}

}  // namespace elbo::fuzz
