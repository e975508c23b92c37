#pragma once
// Small files in the formats that elbo reads, made for tests.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace elbo::test {

/// Four big-endian bytes, as for sizes in IDX.
std::string big_endian(std::uint32_t value);
/// The header of an IDX file; type 8 is unsigned bytes.
std::string idx_header(int type, const std::vector<std::uint32_t>& shape);

std::string gzip(const std::string& bytes);

/// The values' bytes in memory.
template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// The dictionary of a .npy's header; `shape` is a Python tuple.
std::string dictionary(const std::string& type, const std::string& shape, bool fortran = false);
/// A .npy as NumPy writes it, with the header padded to a multiple of 64 bytes.
std::string npy_raw(const std::string& dictionary, const std::string& values, int version = 1);

template <class T>
std::string npy(const std::string& type, const std::string& shape, const std::vector<T>& values,
                bool fortran = false) {
  return npy_raw(dictionary(type, shape, fortran), raw(values));
}

/// Writes an .npz of named entries and returns its path.
std::filesystem::path npz(const std::filesystem::path& file,
                          const std::vector<std::pair<std::string, std::string>>& entries,
                          bool deflate = true);

/// A picture whose values count up from `first`.
std::string png(int width, int height, int channels, int first = 0);
/// A picture of one value.
std::string jpeg(int width, int height, int channels, int value);

/// A PNG assembled by hand, valid or not.
struct PngParts {
  int width = 1, height = 1;
  int depth = 8;          ///< bits of a value
  int colour = 0;         ///< 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  std::string rows = {};  ///< of the picture, or of its passes in order: each a 0 for the filter,
                          ///< then its bytes
  bool interlaced = false;
  std::string chunks = {};  ///< between header and pixels
};
std::string png_chunk(const std::string& type, const std::string& bytes);
std::string png_file(const PngParts& parts);

/// A JPEG of one colour by libjpeg; 4 components are cyan, magenta, yellow and black.
struct JpegParts {
  int width = 8, height = 8;
  std::vector<std::uint8_t> colour = {100};
  bool adobe = false;    ///< has Adobe's marker
  int bands = 0;         ///< progressive, with this many scans for the bands of coefficients; at most 64
  bool refined = false;  ///< twice as many scans, the second half for the last bits
};
std::string jpeg_file(const JpegParts& parts);

}  // namespace elbo::test
