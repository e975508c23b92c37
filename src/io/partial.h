#pragma once
// Files and folders under construction.

#include <cstddef>
#include <filesystem>

namespace elbo::io {

/// A name beside the path's that nobody can foresee: <name>.<random digits>.part.
std::filesystem::path partial_name(const std::filesystem::path& path);

/// Writes all bytes to an open file. Returns false, and leaves errno, if that fails.
bool write_all(int descriptor, const void* data, std::size_t bytes);

}  // namespace elbo::io
