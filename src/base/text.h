#pragma once
// Text from files: compared without case, and shown in errors.

#include <string>
#include <string_view>

namespace elbo::data {

/// What to do about a damaged file, as the last line of an error.
inline constexpr std::string_view kMakeAgain = "\nMake the file again, or download it again.";

/// Turns ASCII letters into lower case and keeps the rest.
std::string lower(std::string text);

/// The text with ASCII control characters written as \x00, among them NUL, which would end a message.
std::string escaped(std::string_view text);
/// The text's first 40 bytes, escaped and in quotes, for an error.
std::string shown(std::string_view text);

}  // namespace elbo::data
