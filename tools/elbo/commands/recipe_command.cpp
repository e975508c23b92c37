// elbo recipe

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

#include "commands/command.h"
#include "commands/recipe_argument.h"
#include "elbo/elbo.h"
#include "reports/column_table.h"
#include "reports/report.h"

namespace elbo::command {
namespace {

struct RecipeOptions {
  std::string name;
  std::vector<std::string> settings;
  bool json = false;
};

/// A recipe's TOML, which is itself a recipe.
int run_show(const RecipeOptions& options) {
  std::vector<std::string> notes;
  Recipe recipe = find_recipe(options.name, &notes);
  for (const std::string& setting : options.settings) recipe.set(setting, &notes);
  recipe.check_counts(options.settings);
  tell(notes);
  std::cout << recipe.to_toml();
  return 0;
}

int run_list(bool json) {
  const std::vector<std::string> names = Recipe::names();
  if (json) {
    Json list = Json::array();
    for (const std::string& name : names)
      list.push_back({{"name", name}, {"description", Recipe::named(name).description}});
    print({{"recipes", list}});
    return 0;
  }
  std::vector<std::pair<std::string, std::string>> described;
  for (const std::string& name : names) described.emplace_back(name, Recipe::named(name).description);
  print_described(described);
  return 0;
}

}  // namespace

void add_recipe(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("recipe", "The recipes that ship with elbo, and their settings");
  command->require_subcommand(1);
  auto options = std::make_shared<RecipeOptions>();
  auto* list = command->add_subcommand("list", "List the recipes");
  list->add_flag("--json", options->json, "As one JSON object");
  list->callback([options, &action] { action = [options] { return run_list(options->json); }; });
  auto* show =
      command->add_subcommand("show", "Print every setting of a recipe as TOML, to change and train");
  show->add_option("RECIPE", options->name, "A recipe's name, or a .toml file")->required();
  show->add_option("--set", options->settings, "A setting to change, as in --set model.latent=2")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  show->callback([options, &action] { action = [options] { return run_show(*options); }; });
}

}  // namespace elbo::command
