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

/// EXIF's data with an orientation alone, without "Exif\0\0".
std::string exif(int orientation, bool little_endian = true);
/// The JPEG with EXIF's data in an APP1 segment after its start.
std::string with_exif(const std::string& jpeg, const std::string& exif);

/// An uncompressed BMP assembled by hand, valid or not.
struct BmpParts {
  int width = 1, height = 1;  ///< negative: rows run from the top down
  int bits = 8;
  int compression = 0;
  int header = 40;           ///< bytes; a longer one has masks for red, green, blue and alpha
  std::string palette = {};  ///< blue, green, red and a spare byte each
  std::string rows = {};     ///< each padded to a multiple of four bytes
};
std::string bmp_file(const BmpParts& parts);

/// An uncompressed TIFF assembled by hand, valid or not; little-endian.
struct TiffParts {
  int width = 1, height = 1;
  int bits = 8, samples = 1;
  int photometric = 1;  ///< 0 white is zero, 1 black is zero, 2 RGB
  int extra = -1;       ///< the kind of the last sample: 1 alpha that colours are multiplied by, 2 alpha
  int orientation = 1;
  int format = 1;           ///< of values: 1 whole, 3 floats
  int planes = 1;           ///< 2: each sample's values are on their own
  int pages = 1;            ///< all the same
  std::string values = {};  ///< of a page, row by row
};
std::string tiff_file(const TiffParts& parts);

}  // namespace elbo::test
