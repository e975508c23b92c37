// Recipe::value and recipe_settings: the keys' table, for programs.

#include <cmath>
#include <limits>

#include "elbo/error.h"
#include "recipe/counts.h"
#include "recipe/keys.h"

namespace elbo {
namespace {

/// Bounds of a number, without those that only keep it finite.
std::string bounds_of(const RecipeKey& key) {
  if (key.type().find("number") == std::string::npos) return "";
  Bounds bounds = key.bounds;
  if (bounds.low > 0.0 && bounds.low < 1e-9) bounds = {.low = 0.0, .high = bounds.high, .low_allowed = false};
  if (bounds.high >= 1e9) bounds.high = std::numeric_limits<double>::infinity();
  return std::isfinite(bounds.low) || std::isfinite(bounds.high) ? bounds.describe() : "";
}

Setting setting_of(const RecipeKey& key) {
  Setting setting;
  setting.name = key.name;
  setting.description = key.doc;
  setting.type = key.type();
  setting.default_value = key.to_toml({});
  if (key.choices) {
    for (const Choice& choice : key.choices()) setting.choices.emplace_back(choice.name);
  }
  setting.bounds = bounds_of(key);
  setting.counts_with = counts_with(key);
  return setting;
}

}  // namespace

std::string Recipe::value(std::string_view key) const {
  const RecipeKey* found = find_recipe_key(key);
  if (!found) throw ConfigError(unknown_recipe_key(key));
  return found->to_toml(*this);
}

std::vector<Setting> recipe_settings() {
  std::vector<Setting> settings;
  for (const RecipeKey& key : recipe_keys()) settings.push_back(setting_of(key));
  return settings;
}

}  // namespace elbo
