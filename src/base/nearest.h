#pragma once
// "did you mean": the known name nearest to a mistyped name.

#include <string>
#include <string_view>
#include <vector>

namespace elbo {

/// Number of edits (insert, delete, replace, swap of neighbours) that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The end of an error message about the unknown `word`: `did you mean "x"?` if one of `known` is near, else
/// `known are: a, b, c.`.
std::string nearest_hint(std::string_view word, const std::vector<std::string>& known);

}  // namespace elbo
