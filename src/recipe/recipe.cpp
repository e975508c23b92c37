#include "elbo/recipe.h"

#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "base/nearest.h"
#include "io/file.h"
#include "recipe/counts.h"
#include "recipe/embedded.h"
#include "recipe/former_names.h"
#include "recipe/keys.h"
#include "recipe/rules.h"
#include "recipe/toml.h"

namespace elbo {
namespace {

Recipe read(std::string_view text, std::string_view origin, std::string name, Notes notes = nullptr) {
  Recipe recipe;
  if (!name.empty()) recipe.name = std::move(name);
  read_toml(recipe, text, origin, notes);
  try {
    recipe.validate();
  } catch (const ConfigError& error) {
    throw ConfigError(concat(origin, ": ", error.what()));
  }
  return recipe;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The name in "key=value".
std::string_view name_in(std::string_view setting) {
  return trimmed(setting.substr(0, setting.find('=')));
}

/// Throws ConfigError where no key is called so.
const RecipeKey& key_named(std::string_view name) {
  if (const auto* key = find_recipe_key(name)) return *key;
  throw ConfigError(unknown_recipe_key(name));
}

}  // namespace

Recipe Recipe::named(std::string_view name) {
  for (const auto& recipe : embedded_recipes()) {
    if (recipe.name == name) return read(recipe.text, concat("recipes/", name, ".toml"), std::string(name));
  }
  throw ConfigError(
      concat("no recipe is called \"", data::escaped(name), "\"; ", nearest_hint(name, names())));
}

std::vector<std::string> Recipe::names() {
  std::vector<std::string> names;
  for (const auto& recipe : embedded_recipes()) names.emplace_back(recipe.name);
  return names;
}

Recipe Recipe::from_toml(std::string_view text, std::string_view origin, std::vector<std::string>* notes) {
  return read(text, origin, "", notes);
}

Recipe Recipe::from_file(const std::filesystem::path& file, std::vector<std::string>* notes) {
  return read(io::read_file(file, io::kMaxTextBytes), file.string(), file.stem().string(), notes);
}

void Recipe::set(std::string_view key_equals_value, std::vector<std::string>* notes) {
  const auto equals = key_equals_value.find('=');
  if (equals == std::string_view::npos) {
    throw ConfigError(
        concat("\"", data::escaped(key_equals_value), "\" is not key=value, as in model.latent=2."));
  }
  Recipe changed = *this;
  const std::string_view name = name_in(key_equals_value);
  const RecipeKey& key = key_named(name);
  note_former_key(key, name, "", notes);
  read_value(changed, key, trimmed(key_equals_value.substr(equals + 1)), notes);
  *this = std::move(changed);
}

std::string Recipe::to_toml() const {
  return write_toml(*this);
}

void Recipe::validate() const {
  for (const auto& key : recipe_keys()) {
    if (const auto wrong = key.complaint(*this)) throw ConfigError(*wrong);
  }
  check_turned_on(*this);
  check_rules(*this);
}

void Recipe::check_counts(std::span<const std::string> settings) const {
  validate();
  GivenNames given;
  for (const std::string& setting : settings) {
    const RecipeKey& key = key_named(name_in(setting));
    given.add(key, name_in(setting));
    check_setting_counts(*this, key, setting);
  }
}

}  // namespace elbo
