#pragma once
// Text from files: compared without case, and shown in errors.

#include <string>
#include <string_view>
#include <vector>

namespace elbo::data {

/// What to do about a damaged file, as the last line of an error.
inline constexpr std::string_view kMakeAgain = "\nMake the file again, or download it again.";

/// Turns ASCII letters into lower case and keeps the rest.
std::string lower(std::string text);

/// The words between blanks and ends of lines.
std::vector<std::string_view> words(std::string_view text);
/// The pieces between separators. An empty piece after the last separator is left out, so that lines are
/// pieces by '\n'.
std::vector<std::string_view> pieces(std::string_view text, char separator);

/// The place of the first control character of ASCII, among them NUL, that is not `allowed`; npos: none.
std::size_t find_control(std::string_view text, std::string_view allowed = {});

/// The text with control characters written as \x00, so that a terminal shows them: NUL would end a message,
/// and an escape sequence would be obeyed. Those of ASCII in `kept` stay.
std::string escaped(std::string_view text, std::string_view kept = {});
/// The text's first 40 bytes, escaped and in quotes, for an error.
std::string shown(std::string_view text);

}  // namespace elbo::data
