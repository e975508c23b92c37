#pragma once
// Tables by name, of which a user picks a line.

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "base/check.h"

namespace elbo {

/// The line of a table whose `name` is asked for by the setting `key`. Throws ConfigError where there is
/// none; Recipe::validate() has the message that helps.
template <class Line>
const Line& line_named(std::span<const Line> table, std::string_view key, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Line::name);
  if (found == table.end()) throw ConfigError(concat(key, " = \"", name, "\" is not known"));
  return *found;
}

}  // namespace elbo
