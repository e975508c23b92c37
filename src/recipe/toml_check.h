#pragma once
// A first look at a recipe's text, which keeps from toml++ what it has no defined answer to.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace elbo {

struct TomlFault {
  std::size_t line = 1;
  std::string what;  ///< a sentence without its full stop
};

/// Finds a character outside of quotes and comments that is not ASCII, or a bracket that closes one of
/// another kind. Nothing else is checked.
std::optional<TomlFault> find_toml_fault(std::string_view text);

}  // namespace elbo
