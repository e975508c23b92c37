#pragma once
// What a subcommand's RECIPE stands for.

#include <string>
#include <vector>

#include "elbo/recipe.h"

namespace elbo::command {

/// The recipe that is trained where none is named.
inline constexpr const char* kDefaultRecipe = "digits";

/// Whether a data set is known by that name.
bool is_dataset(const std::string& name);

/// A recipe that ships with elbo by its name, or a file where it looks like one. Throws ConfigError, saying
/// how to train on it where it is data; IoError. `notes`, unless null, gets those of the file.
Recipe find_recipe(const std::string& name, std::vector<std::string>* notes = nullptr);

}  // namespace elbo::command
