#include "recipe/toml_check.h"

#include <algorithm>

#include "base/check.h"

namespace elbo {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The length of the quoted text that `rest` begins with; to its line's end if it is not closed.
std::size_t quoted_length(std::string_view rest) {
  const char quote = rest[0];
  const std::string_view three = rest.substr(0, 3);
  const bool many_lines = three == "\"\"\"" || three == "'''";
  const std::size_t marks = many_lines ? 3 : 1;
  for (std::size_t i = marks; i < rest.size(); ++i) {
    if (quote == '"' && rest[i] == '\\') {
      ++i;
    } else if (rest.substr(i, marks) == rest.substr(0, marks)) {
      return i + marks;
    } else if (rest[i] == '\n' && !many_lines) {
      return i;
    }
  }
  return rest.size();
}

/// Whether a backslash of a text in double quotes comes before a character that is not ASCII, at once or at
/// the beginning of the next line: toml++ takes it for a blank, or does not know what it is.
bool escapes_non_ascii(std::string_view quoted) {
  if (!quoted.starts_with('"')) return false;
  for (std::size_t i = quoted.find('\\'); i < quoted.size(); i = quoted.find('\\', i)) {
    const std::size_t next = quoted.find_first_not_of(" \t\r\n", i + 1);
    if (next == quoted.npos) return false;
    if (static_cast<unsigned char>(quoted[next]) >= 0x80) return true;
    i += 2;
  }
  return false;
}

char closing(char bracket) {
  return bracket == '[' ? ']' : '}';
}

/// Whether a quote or a bracket may follow this character: toml++ reads one inside a bare word on as a part
/// of it. A dot is followed by one between the words of a key alone.
bool may_begin_after(char before, char c, bool in_value) {
  const bool quoted_key = (c == '"' || c == '\'') && !in_value;
  const std::string_view places = quoted_key ? "\n=,[{." : "\n=,[{";
  return places.find(before) != std::string_view::npos;
}

/// Whether a value follows, and no key, after this character of no text or comment. `open` are the brackets
/// open behind it.
bool value_follows(char c, bool in_value, std::string_view open) {
  switch (c) {
    case '=':
    case '}':
      return true;
    case '{':
      return false;
    case ',':
      return open.empty() ? in_value : open.back() == '[';
    case '\n':
      return in_value && !open.empty();
    default:
      return in_value;
  }
}

}  // namespace

std::optional<TomlFault> find_toml_fault(std::string_view text) {
  std::string open;  // the brackets
  std::size_t i = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  const auto fault = [&](std::string what) {
    const auto before = text.substr(0, i);
    return TomlFault{1 + static_cast<std::size_t>(std::ranges::count(before, '\n')), std::move(what)};
  };
  char before = '\n';  // the last character that is no blank
  bool in_value = false;
  while (i < text.size()) {
    const char c = text[i];
    const bool begins = c == '"' || c == '\'' || c == '[' || c == '{';
    if (begins && !may_begin_after(before, c, in_value))
      return fault(concat(c, " cannot stand inside a word"));
    if (c != ' ' && c != '\t' && c != '\r') before = c;
    if (c == '"' || c == '\'') {
      const std::size_t length = quoted_length(text.substr(i));
      if (escapes_non_ascii(text.substr(i, length)))
        return fault("a character that is not ASCII cannot follow a backslash");
      i += length;
      continue;
    }
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (static_cast<unsigned char>(c) >= 0x80) {
      return fault("a character that is not ASCII must be in quotes, or in a comment");
    }
    if (c == '[' || c == '{') open += c;
    if ((c == ']' || c == '}') && !open.empty()) {
      if (closing(open.back()) != c) return fault(concat("\"", c, "\" does not close \"", open.back(), "\""));
      open.pop_back();
    }
    in_value = value_follows(c, in_value, open);
    ++i;
  }
  return std::nullopt;
}

}  // namespace elbo
