#pragma once
// The contents of a folder.

#include <filesystem>
#include <system_error>
#include <vector>

namespace elbo::data {

/// The paths of a folder's entries, sorted; of those before `error`, if it cannot be read to its end. The
/// standard library's iterator ends the program where memory runs out.
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder, std::error_code& error);
/// The same. Throws IoError.
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder);

}  // namespace elbo::data
