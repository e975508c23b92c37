#pragma once
// The recipes of recipes/*.toml, compiled in; the definition is written by cmake/EmbedRecipes.cmake.

#include <string_view>
#include <vector>

namespace elbo {

struct EmbeddedRecipe {
  std::string_view name;  ///< the file's name without .toml
  std::string_view text;
};

const std::vector<EmbeddedRecipe>& embedded_recipes();

}  // namespace elbo
