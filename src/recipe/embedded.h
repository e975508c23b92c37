#pragma once
// The recipes in recipes/*.toml, compiled in. cmake/EmbedRecipes.cmake writes the definition.

#include <string_view>
#include <vector>

namespace elbo {

struct EmbeddedRecipe {
  std::string_view name;  ///< the file's name without .toml
  std::string_view text;
};

const std::vector<EmbeddedRecipe>& embedded_recipes();

}  // namespace elbo
