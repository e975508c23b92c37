#include "base/text.h"

#include <algorithm>

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

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

/// Whether it begins with one of the control characters U+0080 to U+009F, which some terminals obey.
bool is_wide_control(std::string_view text) {
  return text.size() >= 2 && text[0] == '\xC2' && (static_cast<unsigned char>(text[1]) & 0xE0u) == 0x80u;
}

}  // namespace

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::vector<std::string_view> words(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  std::vector<std::string_view> found;
  for (auto first = text.find_first_not_of(kBlanks); first != std::string_view::npos;
       first = text.find_first_not_of(kBlanks)) {
    text.remove_prefix(first);
    found.push_back(text.substr(0, text.find_first_of(kBlanks)));
    text.remove_prefix(found.back().size());
  }
  return found;
}

std::vector<std::string_view> pieces(std::string_view text, char separator) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    found.push_back(text.substr(0, text.find(separator)));
    text.remove_prefix(std::min(found.back().size() + 1, text.size()));
  }
  return found;
}

std::size_t find_control(std::string_view text, std::string_view allowed) {
  const auto found = std::ranges::find_if(
      text, [&](char c) { return is_control(c) && allowed.find(c) == std::string_view::npos; });
  return found == text.end() ? std::string_view::npos : static_cast<std::size_t>(found - text.begin());
}

std::string escaped(std::string_view text, std::string_view kept) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool wide = is_wide_control(text.substr(i)) || (i > 0 && is_wide_control(text.substr(i - 1)));
    if (!wide && (!is_control(c) || kept.find(c) != std::string_view::npos)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15u]};
  }
  return out;
}

std::string shown(std::string_view text) {
  return '"' + escaped(shortened(text)) + '"';
}

}  // namespace elbo::data
