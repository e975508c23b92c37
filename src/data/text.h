#pragma once
// Text from files: compared without case, and shown in errors.

#include <string>
#include <string_view>

namespace elbo::data {

/// What to do about a damaged file, as the last line of an error.
inline constexpr std::string_view kMakeAgain = "\nMake the file again, or download it again.";

/// ASCII letters in lower case, all else as it is.
std::string lower(std::string text);

/// The text's first 40 bytes in quotes, for an error. Control characters, NUL among them (which would end the
/// message), become \x00.
std::string shown(std::string_view text);

}  // namespace elbo::data
