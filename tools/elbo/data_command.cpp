// elbo data

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

#include "command.h"
#include "elbo/elbo.h"
#include "report.h"

namespace elbo::command {
namespace {

int run_list(bool json) {
  const auto known = known_datasets();
  if (json) {
    Json list = Json::array();
    for (const auto& set : known) {
      list.push_back({{"name", set.name},
                      {"description", set.description},
                      {"built_in", set.built_in},
                      {"where", set.where.string()}});
    }
    print({{"datasets", list}});
    return 0;
  }
  std::size_t width = 0;
  for (const auto& set : known) width = std::max(width, set.name.size());
  for (const auto& set : known) {
    const std::string where = set.built_in ? "built in" : set.where.empty() ? "not here" : set.where.string();
    std::cout << set.name << std::string(width - set.name.size() + 2, ' ') << set.description << " [" << where
              << "]\n";
  }
  return 0;
}

}  // namespace

void add_data(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("data", "Data sets known by name");
  command->require_subcommand(1);
  auto* list = command->add_subcommand("list", "Which there are, and where they lie");
  auto json = std::make_shared<bool>(false);
  list->add_flag("--json", *json, "As one JSON object");
  list->callback([json, &action] { action = [json] { return run_list(*json); }; });
}

}  // namespace elbo::command
