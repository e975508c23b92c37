#pragma once
// Whether settings have an effect: a key counts with the choices that list it, and while the key it depends
// on is on.

#include <string>
#include <string_view>

#include "recipe/keys.h"

namespace elbo {

/// Whether the key's value has any effect on a training with this recipe.
bool counts(const RecipeKey& key, const Recipe& recipe);

/// The values of other keys with which a key counts, in words that follow "counts with": `train.schedule =
/// "step"`, `objective.cycles other than 0`. Empty: always.
std::string counts_with(const RecipeKey& key);

/// Throws ConfigError if a key turns something on (by a value other than its default) but does not count.
void check_turned_on(const Recipe& recipe);

/// Throws ConfigError if `setting`, a user's setting of this key ("train.decay_factor=2"), would have no
/// effect. Turning off something that is already off is allowed.
void check_setting_counts(const Recipe& recipe, const RecipeKey& key, std::string_view setting);

}  // namespace elbo
