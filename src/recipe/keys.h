#pragma once
// The table of recipe keys: reading, writing, checking and the command's help all follow from it. A key is a
// line in the table of its section (keys_data.cpp, …), beside its member in elbo/recipe.h.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "elbo/recipe.h"
#include "recipe/bounds.h"
#include "recipe/choices.h"

namespace elbo {

/// Where in a recipe a key's value stands, by its type.
using SettingRef = std::variant<std::string*, bool*, std::int64_t*, std::uint64_t*, double*,
                                std::vector<std::int64_t>*, std::vector<double>*, std::vector<Layer>*>;

struct RecipeKey {
  std::string_view name;  ///< "model.latent"
  std::string_view doc;   ///< one line
  SettingRef (*at)(Recipe&);
  Bounds bounds = {};
  std::span<const Choice> (*choices)() = nullptr;  ///< the texts it takes; null: any
  /// Another key, one of those that turn something on: this one counts only while that does so. Which
  /// choices it counts with, they say themselves.
  std::string_view with = {};
  /// Its default leaves something out that any other value asks for. Such a value is refused where the key
  /// does not count, in a file too; of other keys a file may keep a value for later.
  bool turns_on = false;
  bool may_be_empty = false;       ///< a text
  std::string_view formerly = {};  ///< the name an earlier elbo had for it, by which it is read too

  /// "text", "true|false", "whole number", "number", "list of whole numbers", "list of numbers", "list
  /// of layers", or its choices: "relu|tanh|…".
  std::string type() const;
  /// The value in TOML; a number is written with the fewest digits that read back to it.
  std::string to_toml(const Recipe& recipe) const;
  /// The value of a key with choices.
  const std::string& chosen(const Recipe& recipe) const;
  bool is_default(const Recipe& recipe) const;
  /// What is wrong with the recipe's value, a sentence that begins with the key's name; nothing where it is
  /// fine.
  std::optional<std::string> complaint(const Recipe& recipe) const;
};

/// Every key, in the order of the sections of a recipe.
std::span<const RecipeKey> recipe_keys();
// Its sections.
std::span<const RecipeKey> data_keys();
std::span<const RecipeKey> model_keys();
std::span<const RecipeKey> objective_keys();
std::span<const RecipeKey> train_keys();

/// By its name or its former one; null where there is no such key.
const RecipeKey* find_recipe_key(std::string_view name);
/// "unknown key …" with the nearest name.
std::string unknown_recipe_key(std::string_view name);
/// A TOML basic string.
std::string quote_toml(std::string_view text);

}  // namespace elbo
