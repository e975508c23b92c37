#pragma once
// Which settings change something: a key counts with the choices that list it, and while the key it goes with
// turns something on.

#include <string>
#include <string_view>

#include "recipe/keys.h"

namespace elbo {

/// Whether the key's value changes anything of a training by this recipe.
bool counts(const RecipeKey& key, const Recipe& recipe);

/// With which values of others a key counts, in words that follow "counts with": `train.schedule = "step"`,
/// `objective.cycles other than 0`. Empty: always.
std::string counts_with(const RecipeKey& key);

/// Throws ConfigError if a key that does not count asks for something: by a value other than its default,
/// where it turns something on.
void check_turned_on(const Recipe& recipe);

/// Throws ConfigError if `setting`, which a user made of this key ("train.decay_factor=2"), would change
/// nothing. To turn off what is off already is no mistake.
void check_setting_counts(const Recipe& recipe, const RecipeKey& key, std::string_view setting);

}  // namespace elbo
