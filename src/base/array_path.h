#pragma once
// A file and an array in it, as one name: "file.npz:images".

#include <string>
#include <string_view>

namespace elbo::data {

struct ArrayPath {
  std::string file;
  std::string array;  ///< empty if no array was named
};

/// Splits "file.npz:images" at the last colon if nothing exists by the whole name and a file by its first
/// part. Any other name is a file's, without an array.
ArrayPath split_array_path(std::string_view name);

}  // namespace elbo::data
