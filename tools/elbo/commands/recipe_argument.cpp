#include "commands/recipe_argument.h"

#include <algorithm>
#include <filesystem>

#include "elbo/elbo.h"
#include "reports/report.h"
#include "base/check.h"

namespace elbo::command {
namespace {

namespace fs = std::filesystem;

/// Whether all of a recipe's layers are widths.
bool is_dense(const Recipe& recipe) {
  const auto dense = [](const Layer& layer) { return layer.width().has_value(); };
  return std::ranges::all_of(recipe.model.encoder, dense) && std::ranges::all_of(recipe.model.decoder, dense);
}

// Throws if the name is a data set's, where a recipe is needed.
void refuse_data(const std::string& name) {
  const std::string ending = fs::path(name).extension().string();
  const bool file = ending == ".npy" || ending == ".npz" || ending == ".csv";
  if (!file && !is_dataset(name) && !fs::is_directory(name)) return;
  std::string message = concat("\"", name, "\" is data, not a recipe: elbo train --data ", shell_word(name));
  std::string its_recipe;  // the simplest: dense, of values alone, with the shortest name
  for (const auto& candidate : Recipe::names()) {
    const Recipe recipe = Recipe::named(candidate);
    const bool shorter = its_recipe.empty() || candidate.size() < its_recipe.size();
    if (shorter && recipe.data.name == name && is_dense(recipe) && recipe.model.condition.empty())
      its_recipe = candidate;
  }
  if (!its_recipe.empty()) message += concat(", or its recipe, elbo train ", its_recipe);
  throw ConfigError(message + ".");
}

}  // namespace

bool is_dataset(const std::string& name) {
  const auto known = known_datasets();
  return std::any_of(known.begin(), known.end(), [&](const auto& set) { return set.name == name; });
}

Recipe find_recipe(const std::string& name, std::vector<std::string>* notes) {
  const auto names = Recipe::names();
  if (std::find(names.begin(), names.end(), name) != names.end()) return Recipe::named(name);
  refuse_data(name);
  const bool path = name.ends_with(".toml") || name.find('/') != std::string::npos;
  return path ? Recipe::from_file(name, notes) : Recipe::named(name);
}

}  // namespace elbo::command
