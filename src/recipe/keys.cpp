#include "recipe/keys.h"

#include "base/check.h"
#include "base/text.h"
#include "base/nearest.h"
#include "recipe/synonyms.h"

namespace elbo {
namespace {

constexpr RecipeKey kFirst[] = {
    {.name = "name",
     .doc = "name in the run folder and in reports",
     .at = [](Recipe& recipe) -> SettingRef { return &recipe.name; }},
    {.name = "description",
     .doc = "one line of description",
     .at = [](Recipe& recipe) -> SettingRef { return &recipe.description; },
     .may_be_empty = true},
};

std::vector<RecipeKey> all_sections() {
  std::vector<RecipeKey> keys(std::begin(kFirst), std::end(kFirst));
  for (const auto section : {data_keys(), model_keys(), objective_keys(), train_keys()}) {
    keys.insert(keys.end(), section.begin(), section.end());
  }
  return keys;
}

}  // namespace

std::span<const RecipeKey> recipe_keys() {
  static const std::vector<RecipeKey> keys = all_sections();
  return keys;
}

const RecipeKey* find_recipe_key(std::string_view name) {
  for (const auto& key : recipe_keys()) {
    if (key.name == name || (!key.formerly.empty() && key.formerly == name)) return &key;
  }
  return nullptr;
}

std::string unknown_recipe_key(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& key : recipe_keys()) {
    names.emplace_back(key.name);
    // Users may write the last part alone, such as latent for model.latent.
    if (const auto dot = key.name.find('.');
        dot != std::string_view::npos && key.name.substr(dot + 1) == name) {
      return concat("unknown key \"", data::escaped(name), "\"; did you mean \"", key.name, "\"?");
    }
  }
  if (const auto meant = key_meant_by(name))
    return concat("unknown key \"", data::escaped(name), "\"; did you mean \"", *meant, "\"?");
  return concat("unknown key \"", data::escaped(name), "\"; ", nearest_hint(name, names));
}

}  // namespace elbo
