#pragma once
// Keys by the names that other tools have for them.

#include <optional>
#include <span>
#include <string_view>

namespace elbo {

struct Synonym {
  std::string_view word;  ///< in small letters, parts joined by _
  std::string_view key;
};

std::span<const Synonym> synonyms();

/// The key that `name` means elsewhere, whatever its section, case and hyphens: "lr", "train.batch-size".
std::optional<std::string_view> key_meant_by(std::string_view name);

}  // namespace elbo
