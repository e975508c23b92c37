#include "io/npy.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"

namespace elbo::io {
namespace {

static_assert(std::endian::native == std::endian::little, "values are written as they are in memory");

constexpr char32_t kReplacement = 0xFFFD;

/// The bytes of a UTF-8 character by its first; 0 if none begins so.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

/// Takes the first character off a text that is not empty.
char32_t take_character(std::string_view& text) {
  const std::size_t length = length_of(static_cast<unsigned char>(text[0]));
  constexpr unsigned char kFirstBits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  char32_t character = static_cast<unsigned char>(text[0]) & kFirstBits[length];
  bool valid = length > 0 && length <= text.size();
  for (std::size_t i = 1; valid && i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    valid = (byte & 0xC0) == 0x80;
    character = character << 6 | (byte & 0x3F);
  }
  const bool surrogate = character >= 0xD800 && character < 0xE000;
  valid = valid && character >= kLeast[length] && character <= 0x10FFFF && !surrogate;
  text.remove_prefix(valid ? length : 1);
  return valid ? character : kReplacement;
}

std::u32string characters_of(std::string_view text) {
  std::u32string characters;
  while (!text.empty()) characters += take_character(text);
  return characters;
}

}  // namespace

std::string npy_header(std::string_view type, std::span<const std::int64_t> shape) {
  std::string sizes;
  for (const std::int64_t size : shape) sizes += concat(sizes.empty() ? "" : ", ", size);
  if (shape.size() == 1) sizes += ',';
  std::string header = concat("{'descr': '", type, "', 'fortran_order': False, 'shape': (", sizes, "), }");
  constexpr std::size_t kPreamble = 10;
  header.append(63 - (kPreamble + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header;
}

std::string npy_integers(std::span<const std::int32_t> values) {
  const std::int64_t count = std::ssize(values);
  std::string bytes = npy_header("<i4", {&count, 1});
  for (const std::int32_t value : values) {
    char four[sizeof value];
    std::memcpy(four, &value, sizeof value);
    bytes.append(four, sizeof value);
  }
  return bytes;
}

std::string npy_texts(std::span<const std::string> texts) {
  std::size_t widest = 1;  // NumPy has no text of width 0
  for (const std::string& text : texts) widest = std::max(widest, characters_of(text).size());
  const std::int64_t count = std::ssize(texts);
  std::string bytes = npy_header(concat("<U", widest), {&count, 1});
  bytes.reserve(bytes.size() + texts.size() * widest * sizeof(char32_t));
  for (const std::string& text : texts) {
    std::u32string characters = characters_of(text);
    characters.resize(widest);
    bytes.append(reinterpret_cast<const char*>(characters.data()), widest * sizeof(char32_t));
  }
  return bytes;
}

}  // namespace elbo::io
