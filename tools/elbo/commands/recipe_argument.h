#pragma once
// Resolves a subcommand's RECIPE.

#include <string>
#include <vector>

#include "elbo/recipe.h"

namespace elbo::command {

/// The recipe that is trained if none is named.
inline constexpr const char* kDefaultRecipe = "digits";

/// Whether a data set is known by that name.
bool is_dataset(const std::string& name);

/// A recipe that ships with elbo by its name, or a file if the name looks like one. `notes`, unless null,
/// gets those of the file. Throws ConfigError, which says how to train on data if the name is a data set's;
/// IoError.
Recipe find_recipe(const std::string& name, std::vector<std::string>* notes = nullptr);

}  // namespace elbo::command
