#include "recipe/former_names.h"

#include "base/check.h"

namespace elbo {

void GivenNames::add(const RecipeKey& key, std::string_view name, std::string_view where) {
  const auto [given, first] = names_.emplace(&key, name);
  if (first || given->second == name) return;
  throw ConfigError(concat(where, key.formerly, " and ", key.name, " are one setting, which is now called ",
                           key.name, ": leave ", key.formerly, " out."));
}

void note_former_key(const RecipeKey& key, std::string_view name, std::string_view where, Notes notes) {
  if (notes && name != key.name) notes->push_back(concat(where, name, " is now called ", key.name));
}

void note_former_choice(const RecipeKey& key, const Choice& choice, std::string_view where, Notes notes) {
  if (!notes) return;
  notes->push_back(concat(where, key.name, " = ", quote_toml(choice.formerly), " is now called ",
                          quote_toml(choice.name)));
}

}  // namespace elbo
