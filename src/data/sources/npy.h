#pragma once
// NumPy's array files: .npy, and .npz, a zip of them
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/sources/array.h"

namespace elbo::data {

/// Reads the bytes of a .npy of version 1, 2 or 3: bool, integers and floats of 2, 4 or 8 bytes, of either
/// byte order, C or Fortran order. Unsigned bytes stay bytes (they stand for byte / 255); other types become
/// floats in C order. `origin` names the bytes in errors. Throws DataError.
Array parse_npy(std::string_view bytes, std::string_view origin);

/// What the header of a .npy says.
struct NpyHeader {
  std::string type;      ///< NumPy's name of it, with the byte order: "<f8"
  bool fortran = false;  ///< the first index runs fastest
  std::vector<std::int64_t> shape;

  std::int64_t rows() const { return shape.empty() ? 0 : shape[0]; }
  /// Python objects (pickles), which are never read.
  bool holds_objects() const { return type.size() > 1 && type[1] == 'O'; }
  /// Text of a fixed length, of bytes or of Unicode.
  bool holds_text() const { return type.size() > 1 && (type[1] == 'S' || type[1] == 'U'); }
};

/// Reads the header from a .npy's first bytes. Throws DataError.
NpyHeader parse_npy_header(std::string_view bytes, std::string_view origin);

/// Reads a .npy of text, '<U5' or '|S5', as UTF-8, in C order whatever its shape. Throws DataError, also if a
/// character is none of Unicode's.
std::vector<std::string> parse_npy_texts(std::string_view bytes, std::string_view origin);

/// Reads a .npy of integers without rounding. Throws DataError.
std::vector<std::int64_t> parse_npy_integers(std::string_view bytes, std::string_view origin);

/// Loads examples from one array [n, …]. [n] is read as [n, 1]; [n, h, w], [n, h, w, c] and [n, c, h, w] are
/// pictures (array.h).
/// Throws IoError, DataError.
Dataset load_npy(const std::filesystem::path& file, std::string name);

/// The numbers of a file that load_npy reads, in full. Null if its type has no more digits than a 32-bit
/// float, or its channels come first and so are in another order than the examples' values. Throws IoError,
/// DataError.
std::shared_ptr<const SourceValues> npy_source(const std::filesystem::path& file);

/// Loads splits and labels by the arrays' names: X, x or data, x_train, train_images and the like; y or
/// labels, y_test …. If only one array can be examples, it is taken whatever its name, and a note says so
/// where others were left. `array`, if not empty, names the examples. A sparse matrix of SciPy is read as its
/// rows. Throws IoError, DataError, OutOfMemoryError.
Dataset load_npz(const std::filesystem::path& file, std::string name, std::string_view array = {});

}  // namespace elbo::data
