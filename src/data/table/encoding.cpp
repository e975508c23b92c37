#include "data/table/encoding.h"

#include <algorithm>

namespace elbo::data {
namespace {

/// The length of the character that begins with this byte; 0 if none does.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

constexpr std::size_t kBlock = 64;

/// Written so that compilers vectorise it.
bool is_ascii(std::string_view block) {
  unsigned char all = 0;
  for (const char c : block) all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
  return all < 0x80;
}

/// Whether the second byte is not one of an overlong, a surrogate or a number beyond U+10FFFF.
bool fits(unsigned char first, unsigned char second) {
  if (first == 0xE0) return second >= 0xA0;
  if (first == 0xED) return second <= 0x9F;
  if (first == 0xF0) return second >= 0x90;
  return first != 0xF4 || second <= 0x8F;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80 && is_ascii(text.substr(i, kBlock))) {
      i += std::min(kBlock, text.size() - i);
      continue;
    }
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = length_of(first);
    if (length == 0 || text.size() - i < length) return false;
    for (std::size_t j = 1; j < length; ++j) {
      if ((static_cast<unsigned char>(text[i + j]) & 0xC0) != 0x80) return false;
    }
    if (length > 1 && !fits(first, static_cast<unsigned char>(text[i + 1]))) return false;
    i += length;
  }
  return true;
}

std::string from_latin1(std::string_view text) {
  std::string utf8;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8.push_back(c);
    } else {
      utf8.push_back(static_cast<char>(0xC0 | byte >> 6));
      utf8.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return utf8;
}

}  // namespace elbo::data
