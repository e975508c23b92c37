#pragma once
// The table of recipe keys, from which reading, writing, checking and the command's help follow. A key is a
// line in the table of its section (keys_data.cpp, …) and a member in elbo/recipe.h.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "elbo/recipe.h"
#include "recipe/bounds.h"
#include "recipe/choices.h"

namespace elbo {

/// A member of a recipe that has an enum's type: its value stands for the key's choice of that number.
struct EnumRef {
  void* member;
  std::size_t (*get)(const void*);
  void (*set)(void*, std::size_t choice);
};

/// A pointer to a key's value in a recipe, by type.
using SettingRef =
    std::variant<std::string*, bool*, std::int64_t*, std::uint64_t*, double*, std::vector<std::int64_t>*,
                 std::vector<double>*, std::vector<Layer>*, std::vector<std::string>*, EnumRef>;

/// Enumerator i is choice i.
template <class Enum>
requires std::is_enum_v<Enum> SettingRef setting_ref(Enum& member) {
  return EnumRef{&member,
                 [](const void* at) { return static_cast<std::size_t>(*static_cast<const Enum*>(at)); },
                 [](void* at, std::size_t choice) { *static_cast<Enum*>(at) = static_cast<Enum>(choice); }};
}
/// Nothing is choice 0, enumerator i is choice i + 1.
template <class Enum>
requires std::is_enum_v<Enum> SettingRef setting_ref(std::optional<Enum>& member) {
  using Member = std::optional<Enum>;
  return EnumRef{&member,
                 [](const void* at) {
                   const Member& value = *static_cast<const Member*>(at);
                   return value ? static_cast<std::size_t>(*value) + 1 : 0;
                 },
                 [](void* at, std::size_t choice) {
                   Member& value = *static_cast<Member*>(at);
                   value = choice == 0 ? Member() : Member(static_cast<Enum>(choice - 1));
                 }};
}
template <class Value>
SettingRef setting_ref(Value& member) {
  return &member;
}

struct RecipeKey {
  std::string_view name;  ///< "model.latent"
  std::string_view doc;   ///< one line
  SettingRef (*at)(Recipe&);
  Bounds bounds = {};
  std::span<const Choice> (*choices)() = nullptr;  ///< the texts allowed; null: any
  /// The key of a feature: this key counts only while that one turns the feature on. (Choices list the keys
  /// that count with them.)
  std::string_view with = {};
  /// Whether any value other than the default turns a feature on. Such a value is refused if the key does not
  /// count, in a file too. Other keys may have values in a file that do not count.
  bool turns_on = false;
  bool may_be_empty = false;       ///< for texts
  std::string_view formerly = {};  ///< its name in earlier versions, which is read too

  /// "text", "true|false", "whole number", "number", "list of whole numbers", "list of numbers", "list
  /// of layers", "list of texts", or its choices: "relu|tanh|…".
  std::string type() const;
  /// The value in TOML; a number is written with the fewest digits that read back to it.
  std::string to_toml(const Recipe& recipe) const;
  /// Whether a value is written as a text.
  bool is_text() const;
  /// The value of a key that has choices.
  std::string chosen(const Recipe& recipe) const;
  /// Gives such a key its choice of that number.
  void choose(Recipe& recipe, std::size_t choice) const;
  /// That the key, which has choices, has none called `text`; with the nearest name.
  std::string unknown_choice(std::string_view text) const;
  bool is_default(const Recipe& recipe) const;
  /// What is wrong with the recipe's value, as a sentence that begins with the key's name; nothing if the
  /// value is valid.
  std::optional<std::string> complaint(const Recipe& recipe) const;
};

/// Every key, in the order of the sections of a recipe.
std::span<const RecipeKey> recipe_keys();
// The keys of each section.
std::span<const RecipeKey> data_keys();
std::span<const RecipeKey> model_keys();
std::span<const RecipeKey> objective_keys();
std::span<const RecipeKey> train_keys();

/// Finds it by its name or former name. Null if there is no such key.
const RecipeKey* find_recipe_key(std::string_view name);
/// "unknown key …" with the nearest name.
std::string unknown_recipe_key(std::string_view name);
/// A TOML basic string.
std::string quote_toml(std::string_view text);

}  // namespace elbo
