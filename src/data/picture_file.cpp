// The only file with stb_image's code, as static functions, so that a program may link a copy of its own.

#include "data/picture_file.h"

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

#include "io/file.h"
#include "runtime/check.h"

namespace elbo::data {
namespace {

/// No picture to train on has more values; a header that declares more is damaged.
constexpr std::int64_t kMostValues = std::int64_t{1} << 26;

const stbi_uc* raw(const std::string& bytes) {
  return reinterpret_cast<const stbi_uc*>(bytes.data());
}

PictureShape shape_of(const std::string& bytes, const std::filesystem::path& file) {
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

/// stb_image up to 2.27 (as Debian 12 and Ubuntu 22.04 have it) writes past its tables where a JPEG declares
/// a Huffman table of more than the 256 codes that there can be, so such a file must not reach it.
bool has_oversized_huffman_table(std::string_view bytes) {
  constexpr std::string_view kDefineTables = "\xFF\xC4";
  const auto byte = [bytes](std::size_t at) {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u;
  };
  if (!bytes.starts_with("\xFF\xD8")) return false;
  for (auto at = bytes.find(kDefineTables); at != bytes.npos; at = bytes.find(kDefineTables, at + 1)) {
    const std::size_t end = at + 2 + (byte(at + 2) << 8 | byte(at + 3));
    for (std::size_t table = at + 4; table < end;) {
      std::size_t codes = 0;
      for (std::size_t length = 1; length <= 16; ++length) codes += byte(table + length);
      if (codes > 256) return true;
      table += 17 + codes;
    }
  }
  return false;
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
  if (has_oversized_huffman_table(bytes))
    throw DataError(concat(file.string(), ": the picture is damaged (Huffman table)"));
  int width = 0, height = 0, components = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> decoded(
      stbi_load_from_memory(raw(bytes), static_cast<int>(bytes.size()), &width, &height, &components,
                            static_cast<int>(shape.channels)),
      stbi_image_free);
  if (!decoded)
    throw DataError(concat(file.string(), ": the picture is damaged (", stbi_failure_reason(), ")"));
  std::copy_n(decoded.get(), pixels.size(), pixels.begin());
}

}  // namespace elbo::data
