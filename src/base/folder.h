#pragma once
// The contents of a folder.

#include <filesystem>
#include <vector>

namespace elbo::data {

/// The paths of a folder's entries, sorted. Throws IoError.
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder);

}  // namespace elbo::data
