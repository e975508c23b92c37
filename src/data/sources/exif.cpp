#include "data/sources/exif.h"

#include <algorithm>
#include <string_view>

namespace elbo::data {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShort = 3;  // the type of 16-bit numbers
constexpr std::size_t kEntryBytes = 12;
constexpr std::string_view kExifName{"Exif\0\0", 6};

/// Whole numbers in one byte order; those beyond the end are 0.
class Numbers {
 public:
  Numbers(Bytes bytes, bool little_endian) : bytes_(bytes), little_endian_(little_endian) {}

  std::uint32_t read(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | bytes_[little_endian_ ? at + size - 1 - i : at + i];
    return value;
  }

 private:
  Bytes bytes_;
  bool little_endian_;
};

bool starts_with(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

/// The part of `bytes` from `at` on, at most `size` long; empty beyond the end.
Bytes part(Bytes bytes, std::size_t at, std::size_t size) {
  if (at >= bytes.size()) return {};
  return bytes.subspan(at, std::min(size, bytes.size() - at));
}

/// Looks through chunks of a type of four letters and a size, which `size_first` says the order of.
int orientation_in_chunks(Bytes file, std::size_t first, std::string_view type, bool png) {
  const Numbers numbers(file, !png);
  const std::size_t after = png ? 4 : 0;  // PNG's check sum
  for (std::size_t at = first; at + 8 <= file.size();) {
    const std::size_t size = numbers.read(png ? at : at + 4, 4);
    const std::size_t padded = png ? size : size + size % 2;
    if (starts_with(part(file, png ? at + 4 : at, 4), type)) {
      const Bytes exif = part(file, at + 8, size);
      return exif_orientation(starts_with(exif, kExifName) ? exif.subspan(kExifName.size()) : exif);
    }
    at += 8 + padded + after;
  }
  return 1;
}

}  // namespace

int exif_orientation(Bytes exif) {
  const bool little_endian = starts_with(exif, "II");
  if (!little_endian && !starts_with(exif, "MM")) return 1;
  const Numbers numbers(exif, little_endian);
  if (numbers.read(2, 2) != 42) return 1;
  const std::size_t directory = numbers.read(4, 4);
  const std::size_t entries = numbers.read(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (entry + kEntryBytes > exif.size()) return 1;
    if (numbers.read(entry, 2) != kOrientationTag) continue;
    const bool one_number = numbers.read(entry + 2, 2) == kShort && numbers.read(entry + 4, 4) == 1;
    const std::uint32_t value = numbers.read(entry + 8, 2);
    return one_number && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

int jpeg_orientation(Bytes file) {
  constexpr std::uint8_t kStart = 0xD8, kApp1 = 0xE1, kScan = 0xDA, kEnd = 0xD9, kTemporary = 0x01;
  const Numbers numbers(file, false);
  std::size_t at = 0;
  while (at < file.size() && file[at] == 0xFF) {
    while (at < file.size() && file[at] == 0xFF) ++at;  // fill bytes may precede a marker
    if (at == file.size() || file[at] == kScan || file[at] == kEnd) return 1;
    const std::uint8_t marker = file[at++];
    if (marker == kStart || marker == kTemporary || (marker >= 0xD0 && marker <= 0xD7)) continue;
    const std::size_t length = numbers.read(at, 2);  // counts its own two bytes
    if (length < 2) return 1;
    const Bytes segment = part(file, at + 2, length - 2);
    if (marker == kApp1 && starts_with(segment, kExifName))
      return exif_orientation(segment.subspan(kExifName.size()));
    at += length;
  }
  return 1;
}

int png_orientation(Bytes file) {
  constexpr std::size_t kSignature = 8;
  return orientation_in_chunks(file, kSignature, "eXIf", true);
}

int webp_orientation(Bytes file) {
  constexpr std::size_t kHeader = 12;  // RIFF, a size, WEBP
  return orientation_in_chunks(file, kHeader, "EXIF", false);
}

}  // namespace elbo::data
