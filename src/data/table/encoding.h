#pragma once
// Encodings of text files.

#include <string>
#include <string_view>

namespace elbo::data {

/// Whether the text is UTF-8 (RFC 3629), of which ASCII is a part.
bool is_utf8(std::string_view text);

/// Latin-1 as UTF-8.
std::string from_latin1(std::string_view text);

}  // namespace elbo::data
