// Windows bitmaps without compression, by elbo's own reader
// (https://learn.microsoft.com/windows/win32/gdi/bitmap-storage).

#include <algorithm>
#include <limits>

#include "data/sources/picture_decoder.h"
#include "base/check.h"

namespace elbo::data {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::uint32_t kInfoHeader = 40;   // the shortest header that is read
constexpr std::uint32_t kAlphaHeader = 56;  // the shortest header that has a mask of alpha
constexpr std::uint32_t kPlain = 0, kMasks = 3;

/// A little-endian number. Throws DamagedPicture beyond the end.
std::uint32_t number(Bytes file, std::size_t at, std::size_t size) {
  if (at > file.size() || size > file.size() - at) throw DamagedPicture("the data ends too early");
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | file[at + i];
  return value;
}

/// What a bitmap's headers say.
struct Bitmap {
  std::int64_t height = 0, width = 0;
  bool from_top = false;  ///< rows run from the top down, not from the bottom up
  int bits = 0;           ///< of a pixel: 8, 24 or 32
  bool alpha = false;
  Bytes palette;  ///< blue, green, red and a spare byte each
  std::size_t pixels = 0;

  std::size_t row_bytes() const {  // a multiple of 4
    return (static_cast<std::size_t>(width) * static_cast<std::size_t>(bits) + 31) / 32 * 4;
  }
  bool grey() const {
    for (std::size_t i = 0; i + 2 < palette.size(); i += 4) {
      if (palette[i] != palette[i + 1] || palette[i] != palette[i + 2]) return false;
    }
    return bits == 8;
  }
};

/// Whether the masks say blue, green, red and alpha in the order of bytes.
bool usual_masks(Bytes file) {
  constexpr std::uint32_t kUsual[] = {0x00FF0000, 0x0000FF00, 0x000000FF};
  for (std::size_t i = 0; i < 3; ++i) {
    if (number(file, kFileHeader + 40 + 4 * i, 4) != kUsual[i]) return false;
  }
  return true;
}

void read_size(Bytes file, Bitmap& bitmap) {
  const auto width = static_cast<std::int32_t>(number(file, kFileHeader + 4, 4));
  const auto height = static_cast<std::int32_t>(number(file, kFileHeader + 8, 4));
  if (width <= 0 || height == 0 || height == std::numeric_limits<std::int32_t>::min())
    throw DamagedPicture("its size is not positive");
  bitmap.width = width;
  bitmap.height = height < 0 ? -std::int64_t{height} : height;
  bitmap.from_top = height < 0;
}

void read_palette(Bytes file, std::uint32_t header, Bitmap& bitmap) {
  const std::uint32_t declared = number(file, kFileHeader + 32, 4);
  const std::size_t bytes = 4 * std::size_t{declared == 0 ? 256 : declared};
  const std::size_t first = kFileHeader + header;
  if (declared > 256 || first > file.size() || bytes > file.size() - first)
    throw DamagedPicture("its palette is cut or too long");
  bitmap.palette = file.subspan(first, bytes);
}

Bitmap read_headers(Bytes file) {
  const std::uint32_t header = number(file, kFileHeader, 4);
  if (header < kInfoHeader)
    throw UnsupportedPicture("a BMP picture of the kind before Windows 3: save it as a PNG");
  Bitmap bitmap;
  read_size(file, bitmap);
  bitmap.bits = static_cast<int>(number(file, kFileHeader + 14, 2));
  const std::uint32_t kind = number(file, kFileHeader + 16, 4);
  const bool masks = kind == kMasks && bitmap.bits == 32 && usual_masks(file);
  if ((bitmap.bits != 8 && bitmap.bits != 24 && bitmap.bits != 32) || (kind != kPlain && !masks)) {
    throw UnsupportedPicture(concat("a BMP picture of ", bitmap.bits, " bits a pixel, kind ", kind,
                                    ": elbo reads uncompressed ones of 8, 24 and 32 bits; save it as a PNG"));
  }
  bitmap.alpha = masks && header >= kAlphaHeader && number(file, kFileHeader + 52, 4) == 0xFF000000;
  if (bitmap.bits == 8) read_palette(file, header, bitmap);
  bitmap.pixels = number(file, 10, 4);
  return bitmap;
}

void put_pixel(const Bitmap& bitmap, const std::uint8_t* from, const PictureHeader& header,
               std::uint8_t* to) {
  if (bitmap.bits == 8) {
    const std::size_t colour = 4 * std::size_t{*from};
    if (colour + 4 > bitmap.palette.size()) throw DamagedPicture("a colour beyond the palette");
    from = bitmap.palette.data() + colour;
  }
  if (header.stored.channels == 1) {
    to[0] = from[0];
    return;
  }
  to[0] = from[2], to[1] = from[1], to[2] = from[0];
  if (header.alpha) to[3] = from[3];
}

}  // namespace

bool is_bmp(Bytes file) {
  return file.size() >= 2 && file[0] == 'B' && file[1] == 'M';
}

PictureHeader bmp_header(Bytes file) {
  const Bitmap bitmap = read_headers(file);
  PictureHeader header;
  header.stored = {bitmap.height, bitmap.width, bitmap.grey() ? 1 : 3};
  header.alpha = bitmap.alpha;
  return header;
}

void decode_bmp(Bytes file, std::span<std::uint8_t> pixels) {
  const Bitmap bitmap = read_headers(file);
  const PictureHeader header = bmp_header(file);
  const std::size_t row_bytes = bitmap.row_bytes();
  if (bitmap.pixels > file.size() ||
      static_cast<std::size_t>(bitmap.height) > (file.size() - bitmap.pixels) / row_bytes)
    throw DamagedPicture("the data ends too early");
  std::uint8_t* to = pixels.data();
  for (std::int64_t y = 0; y < bitmap.height; ++y) {
    const auto row = static_cast<std::size_t>(bitmap.from_top ? y : bitmap.height - 1 - y);
    const std::uint8_t* from = file.data() + bitmap.pixels + row * row_bytes;
    for (std::int64_t x = 0; x < bitmap.width; ++x, from += bitmap.bits / 8, to += header.pixel_bytes())
      put_pixel(bitmap, from, header, to);
  }
}

}  // namespace elbo::data
