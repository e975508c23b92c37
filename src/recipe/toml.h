#pragma once
// Recipes as TOML.

#include <string>
#include <string_view>

#include "recipe/former_names.h"
#include "recipe/keys.h"

namespace elbo {

/// Sets the text's keys, each value within its bounds, and notes former names with `origin` and the line.
/// Throws ConfigError with `origin`, the line and the
/// nearest key.
void read_toml(Recipe& recipe, std::string_view text, std::string_view origin, Notes notes = nullptr);
/// Sets one key to a value as TOML writes it; a bare word is a text. Throws ConfigError, and may then have
/// changed the recipe.
void read_value(Recipe& recipe, const RecipeKey& key, std::string_view text, Notes notes = nullptr);
/// Every key with its doc; read_toml reads it back as an equal recipe.
std::string write_toml(const Recipe& recipe);

}  // namespace elbo
