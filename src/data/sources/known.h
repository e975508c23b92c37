#pragma once
// Data sets known by name, and where they lie.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/dataset.h"

namespace elbo::data {

enum class Origin {
  built_in,    ///< drawn by a formula
  downloaded,  ///< `elbo data get` fetches it
  provided,    ///< put there by the user
};

struct KnownSet {
  const char* name;
  const char* description;
  Origin origin;
  const char* files = "";  ///< what its folder holds, of one that the user provides
};

/// The row of the list, or null.
const KnownSet* find_known(std::string_view name);

/// The names of the list; only those of one origin where it is given.
std::vector<std::string> known_names(std::optional<Origin> origin = std::nullopt);

/// $XDG_CACHE_HOME/elbo, or ~/.cache/elbo. Throws IoError if neither variable helps.
std::filesystem::path cache_folder();

/// Where a data set that is not built in may lie: $ELBO_DATA/<name>, then the user's cache.
std::vector<std::filesystem::path> places(std::string_view name);

/// The first of its places that holds its training examples; empty if none does.
std::filesystem::path locate(std::string_view name);

/// Loads a data set of the list. Throws DataError saying where it looked and how to get it.
Dataset load_known(const KnownSet& set, std::uint64_t seed);

}  // namespace elbo::data
