// The only file with stb_image's code, as static functions, so that a program may link a copy of its own.

#include "data/sources/picture_file.h"

#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "base/text.h"
#include "io/file.h"
#include "base/check.h"

namespace elbo::data {
namespace {

/// No picture to train on has more values; a header that declares more is damaged.
constexpr std::int64_t kMostValues = std::int64_t{1} << 26;

const stbi_uc* raw(const std::string& bytes) {
  return reinterpret_cast<const stbi_uc*>(bytes.data());
}

/// A JPEG's bytes; past the end they are 0, as for stb_image.
class JpegBytes {
 public:
  explicit JpegBytes(std::string_view bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size(); }
  unsigned at(std::size_t i) const { return i < size() ? static_cast<unsigned char>(bytes_[i]) : 0u; }

  /// Whether one of the Huffman tables in [table, end) declares more codes than there can be.
  bool has_oversized_table(std::size_t table, std::size_t end) const {
    while (table < end) {
      std::size_t codes = 0;
      for (std::size_t length = 1; length <= 16; ++length) codes += at(table + length);
      if (codes > 256) return true;
      table += 17 + codes;
    }
    return false;
  }

  /// The place after the next marker from `from` on, compressed data passed over; 0 where there is none.
  std::size_t after_marker(std::size_t from) const {
    for (std::size_t i = from; i + 1 < size(); ++i) {
      // In compressed data a 0 follows a byte of 0xFF; restart markers and fill bytes have no segment.
      const unsigned code = at(i + 1);
      if (at(i) == 0xFF && code != 0 && code != 0xFF && !(code >= 0xD0 && code <= 0xD7)) return i + 2;
    }
    return 0;
  }

 private:
  std::string_view bytes_;
};

/// stb_image up to 2.27 (as Debian 12 and Ubuntu 22.04 have it) writes past its tables where a JPEG declares
/// a Huffman table of more than the 256 codes that there can be, so such a file must not reach it. Segments
/// are walked by their lengths: a camera's notes may hold any bytes.
bool has_oversized_huffman_table(std::string_view bytes) {
  constexpr unsigned kTables = 0xC4, kEnd = 0xD9;
  if (!bytes.starts_with("\xFF\xD8")) return false;
  const JpegBytes jpeg(bytes);
  for (std::size_t at = jpeg.after_marker(2); at != 0;) {
    const unsigned marker = jpeg.at(at - 1);
    const std::size_t length = jpeg.at(at) << 8 | jpeg.at(at + 1);
    if (marker == kEnd || length < 2) return false;  // stb_image too stops there
    if (marker == kTables && jpeg.has_oversized_table(at + 2, at + length)) return true;
    at = jpeg.after_marker(at + length);
  }
  return false;
}

PictureShape shape_of(const std::string& bytes, const std::filesystem::path& file) {
  // Even the header may hold tables.
  if (has_oversized_huffman_table(bytes))
    throw DataError(concat(file.string(), ": the picture is damaged (Huffman table)", kMakeAgain));
  int width = 0, height = 0, components = 0;
  if (!stbi_info_from_memory(raw(bytes), static_cast<int>(bytes.size()), &width, &height, &components)) {
    throw DataError(concat(file.string(), ": not a PNG or JPEG picture, or its header is damaged"));
  }
  const PictureShape shape{height, width, components >= 3 ? 3 : 1};
  if (shape.height * shape.width > kMostValues / shape.channels) {
    throw DataError(
        concat(file.string(), ": declares ", width, "x", height, " pixels, too many for an example"));
  }
  return shape;
}

std::string read_bytes(const std::filesystem::path& file) {
  std::string bytes = io::read_file(file);
  // stb_image counts in int.
  if (bytes.size() > static_cast<std::size_t>(1) << 30)
    throw DataError(concat(file.string(), ": too large for a picture"));
  return bytes;
}

std::string describe(const PictureShape& shape) {
  return concat(shape.width, "x", shape.height, shape.channels == 3 ? " in colour" : " in grey");
}

}  // namespace

PictureShape picture_file_shape(const std::filesystem::path& file) {
  return shape_of(read_bytes(file), file);
}

void read_picture(const std::filesystem::path& file, const PictureShape& shape,
                  std::span<std::uint8_t> pixels) {
  const std::string bytes = read_bytes(file);
  if (const auto found = shape_of(bytes, file); found != shape) {
    throw DataError(concat(file.string(), ": is ", describe(found), ", but the first picture is ",
                           describe(shape), ".\nAll pictures need one size and one kind."));
  }
  int width = 0, height = 0, components = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> decoded(
      stbi_load_from_memory(raw(bytes), static_cast<int>(bytes.size()), &width, &height, &components,
                            static_cast<int>(shape.channels)),
      stbi_image_free);
  if (!decoded)
    throw DataError(
        concat(file.string(), ": the picture is damaged (", stbi_failure_reason(), ")", kMakeAgain));
  std::copy_n(decoded.get(), pixels.size(), pixels.begin());
}

}  // namespace elbo::data
