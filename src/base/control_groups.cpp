#include "base/control_groups.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "base/text.h"

namespace elbo {
namespace {

namespace fs = std::filesystem;

/// Adds a hierarchy's root, and the group with those around it.
void add_all(std::vector<ControlGroup>& groups, const fs::path& root, fs::path group, int version) {
  groups.push_back({root, version});
  for (; group.has_relative_path(); group = group.parent_path())
    groups.push_back({root / group.relative_path(), version});
}

/// The folder of a controller of version 1: "cpu" is mostly a link to "cpu,cpuacct", but not everywhere.
fs::path old_root(const fs::path& root, std::string_view controllers, std::string_view controller) {
  std::error_code ignored;
  const fs::path alone = root / controller;
  return fs::exists(alone, ignored) ? alone : root / controllers;
}

}  // namespace

std::string system_text(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::optional<std::size_t> system_number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

std::vector<ControlGroup> control_groups(const ControlGroupSources& sources, std::string_view controller) {
  std::vector<ControlGroup> groups;
  const std::string own = system_text(sources.own);
  for (const std::string_view line : data::pieces(own, '\n')) {  // "4:cpu,cpuacct:/path" or "0::/path"
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const fs::path group(line.substr(second + 1));
    if (controllers.empty()) {
      add_all(groups, sources.root, group, 2);
    } else if (std::ranges::count(data::pieces(controllers, ','), controller) > 0) {
      add_all(groups, old_root(sources.root, controllers, controller), group, 1);
    }
  }
  return groups;
}

}  // namespace elbo
