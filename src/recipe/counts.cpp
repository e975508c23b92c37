#include "recipe/counts.h"

#include <algorithm>

#include "base/check.h"

namespace elbo {
namespace {

bool lists(const Choice& choice, const RecipeKey& key) {
  return std::ranges::find(choice.keys, key.name) != choice.keys.end();
}

/// The keys that have a choice listing `key`.
std::vector<const RecipeKey*> choosers_of(const RecipeKey& key) {
  std::vector<const RecipeKey*> choosers;
  for (const RecipeKey& chooser : recipe_keys()) {
    if (!chooser.choices) continue;
    if (std::ranges::any_of(chooser.choices(), [&](const Choice& choice) { return lists(choice, key); })) {
      choosers.push_back(&chooser);
    }
  }
  return choosers;
}

/// The choice of `chooser`; its value must be the name of a choice.
const Choice& chosen_of(const RecipeKey& chooser, const Recipe& recipe) {
  const std::string chosen = chooser.chosen(recipe);
  return *std::ranges::find(chooser.choices(), std::string_view(chosen), &Choice::name);
}

/// "a", "a or b", "a, b or c".
std::string join(const std::vector<std::string>& words, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += concat(i == 0 ? "" : i + 1 < words.size() ? std::string_view(", ") : last, words[i]);
  }
  return text;
}

/// The separate conditions for the key to count.
std::vector<std::string> conditions_of(const RecipeKey& key) {
  std::vector<std::string> conditions, alternatives;
  std::vector<std::string> further;
  for (const RecipeKey* chooser : choosers_of(key)) {
    std::vector<std::string> names;
    for (const Choice& choice : chooser->choices()) {
      if (lists(choice, key)) names.push_back(quote_toml(choice.name));
    }
    alternatives.push_back(concat(chooser->name, " = ", join(names, " or ")));
    further = conditions_of(*chooser);
  }
  if (!alternatives.empty()) conditions.push_back(join(alternatives, " or "));
  if (alternatives.size() == 1) conditions.insert(conditions.end(), further.begin(), further.end());
  if (!key.with.empty()) {
    const RecipeKey& other = *find_recipe_key(key.with);
    conditions.push_back(concat(other.name, " other than ", other.to_toml(Recipe{})));
    for (std::string& condition : conditions_of(other)) conditions.push_back(std::move(condition));
  }
  return conditions;
}

/// `train.schedule is "staged", with which train.stage_epochs and train.stage_rates count.`
std::string state_of(const RecipeKey& chooser, const Choice& choice) {
  const std::string is = concat(chooser.name, " is ", quote_toml(choice.name));
  if (choice.keys.empty()) return is + ".";
  const std::vector<std::string> keys(choice.keys.begin(), choice.keys.end());
  return concat(is, ", with which ", join(keys, " and "), keys.size() > 1 ? " count." : " counts.");
}

/// The reason why a key does not count: a choice that does not list it, or a key it depends on that is off.
std::string reason(const RecipeKey& key, const Recipe& recipe) {
  if (!key.with.empty()) {
    const RecipeKey& other = *find_recipe_key(key.with);
    if (other.is_default(recipe)) return concat(other.name, " is ", other.to_toml(recipe), ".");
    if (!counts(other, recipe)) return reason(other, recipe);
  }
  std::string why;
  for (const RecipeKey* chooser : choosers_of(key)) {
    const Choice& choice = chosen_of(*chooser, recipe);
    why = lists(choice, key) ? reason(*chooser, recipe) : state_of(*chooser, choice);
  }
  return why;
}

}  // namespace

bool counts(const RecipeKey& key, const Recipe& recipe) {
  if (!key.with.empty()) {
    const RecipeKey& other = *find_recipe_key(key.with);
    if (other.is_default(recipe) || !counts(other, recipe)) return false;
  }
  const auto choosers = choosers_of(key);
  return choosers.empty() || std::ranges::any_of(choosers, [&](const RecipeKey* chooser) {
           return lists(chosen_of(*chooser, recipe), key) && counts(*chooser, recipe);
         });
}

std::string counts_with(const RecipeKey& key) {
  return join(conditions_of(key), " and ");
}

void check_turned_on(const Recipe& recipe) {
  for (const RecipeKey& key : recipe_keys()) {
    if (!key.turns_on || key.is_default(recipe) || counts(key, recipe)) continue;
    throw ConfigError(concat(key.name, " = ", key.to_toml(recipe), " would change nothing: it counts with ",
                             counts_with(key), ". ", reason(key, recipe), " Change that, or leave ", key.name,
                             " at ", key.to_toml(Recipe{}), "."));
  }
}

void check_setting_counts(const Recipe& recipe, const RecipeKey& key, std::string_view setting) {
  if (counts(key, recipe) || (key.turns_on && key.is_default(recipe))) return;
  throw ConfigError(concat(setting, " would change nothing: ", key.name, " counts with ", counts_with(key),
                           ". ", reason(key, recipe)));
}

}  // namespace elbo
