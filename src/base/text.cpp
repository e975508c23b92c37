#include "base/text.h"

namespace elbo::data {
namespace {

constexpr std::size_t kMaxShown = 40;

/// The first kMaxShown bytes at most, cut between UTF-8 characters.
std::string_view shortened(std::string_view text) {
  if (text.size() <= kMaxShown) return text;
  std::size_t end = kMaxShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
  return text.substr(0, end);
}

}  // namespace

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      out += c;
    } else {
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15u]};
    }
  }
  return out;
}

std::string shown(std::string_view text) {
  return '"' + escaped(shortened(text)) + '"';
}

}  // namespace elbo::data
