#pragma once
// The table of recipe keys: reading, writing, checking and the command's help all follow from it.

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "elbo/recipe.h"

namespace elbo {

/// Where in a recipe a key's value stands, by its type.
using SettingRef = std::variant<std::string*, bool*, std::int64_t*, std::uint64_t*, double*,
                                std::vector<std::int64_t>*, std::vector<double>*>;

/// What a number, or each number of a list, may be.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_allowed = true;  ///< low itself
  bool high_allowed = true;

  bool contain(double value) const;  ///< false for NaN and for infinities
  std::string describe() const;      ///< "at least 1", "above 0", "at least 0 and below 1"
};

struct RecipeKey {
  std::string_view name;  ///< "model.latent"
  std::string_view doc;   ///< one line
  SettingRef (*at)(Recipe&);
  Bounds bounds = {};
  std::vector<std::string> (*choices)() = nullptr;  ///< the strings it takes; null: any

  /// "text", "yes or no", "whole number", "number", "list of whole numbers", "list of numbers", or its
  /// choices: "relu|tanh|…".
  std::string type() const;
  /// The value in TOML; a number is written with the fewest digits that read back to it.
  std::string to_toml(const Recipe& recipe) const;
  /// What is wrong with the recipe's value, in words that follow the key's name; nothing where it is fine.
  std::optional<std::string> complaint(const Recipe& recipe) const;
};

/// Every key, in the order of the sections of a recipe.
std::span<const RecipeKey> recipe_keys();
/// Null where there is no such key.
const RecipeKey* find_recipe_key(std::string_view name);
/// "unknown key …" with the nearest name.
std::string unknown_recipe_key(std::string_view name);
/// A TOML basic string.
std::string quote_toml(std::string_view text);

}  // namespace elbo
