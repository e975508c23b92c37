#pragma once
// Data sets known by name, and their places.

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
  const char* files = "";  ///< the files of a data set that the user provides
};

/// The data set called `name`, or null.
const KnownSet* find_known(std::string_view name);

/// The names of all data sets, or of those with the given origin.
std::vector<std::string> known_names(std::optional<Origin> origin = std::nullopt);

/// $XDG_CACHE_HOME/elbo, or ~/.cache/elbo. Throws IoError if neither variable is usable.
std::filesystem::path cache_folder();

/// The places to look for a data set that is not built in: $ELBO_DATA/<name>, then the user's cache, then
/// datasets/<name> in the system's folders of shared data ($XDG_DATA_DIRS).
std::vector<std::filesystem::path> places(std::string_view name);

/// The first of places(name) that holds the training examples; empty if none does.
std::filesystem::path locate(std::string_view name);

/// Loads a known data set. If it is absent, throws DataError that says where it looked and how to get it.
Dataset load_known(const KnownSet& set, std::uint64_t seed);

}  // namespace elbo::data
