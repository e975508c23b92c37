#pragma once
// Formats that elbo does not read, and what to do with them.

#include <filesystem>
#include <string_view>

namespace elbo::data {

/// What the file's format is called and how to convert it, in one line; empty if its ending is not known.
std::string_view conversion_advice(const std::filesystem::path& file);

}  // namespace elbo::data
