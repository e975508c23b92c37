#pragma once
// NumPy's array files: .npy, and .npz, a zip of them
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).

#include <filesystem>
#include <string>
#include <string_view>

#include "data/sources/array.h"

namespace elbo::data {

/// Reads the bytes of a .npy of version 1, 2 or 3: bool, integers and floats of 2, 4 or 8 bytes, of either
/// byte order, C or Fortran order. Unsigned bytes stay bytes (they stand for byte / 255); other types become
/// floats in C order. `origin` names the bytes in errors. Throws DataError.
Array parse_npy(std::string_view bytes, std::string_view origin);

/// Loads examples from one array [n, …]. [n] is read as [n, 1]; [n, h, w], [n, h, w, c] and [n, c, h, w] are
/// pictures (array.h).
/// Throws IoError, DataError.
Dataset load_npy(const std::filesystem::path& file, std::string name);

/// Loads splits and labels by the arrays' names: X, x or data, x_train, train_images and the like; y or
/// labels, y_test …. If only one array can be examples, it is taken whatever its name. Throws IoError,
/// DataError.
Dataset load_npz(const std::filesystem::path& file, std::string name);

}  // namespace elbo::data
