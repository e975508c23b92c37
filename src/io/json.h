#pragma once
// JSON without a tree of it: the tree's destructor allocates, and where that fails the program ends.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace elbo::io {

/// A text as JSON writes it; bytes that are not UTF-8 are replaced.
std::string json_string(std::string_view text);
/// A number as JSON has it, with the digits that read back to it; null for NaN and infinities.
std::string json_number(double value);

/// The key of a value in an object, or its number in a list.
struct JsonStep {
  std::string key;
  std::int64_t index = -1;  ///< counted from 0; −1 in an object
};
/// The steps from the document to a value.
using JsonPath = std::vector<JsonStep>;

struct JsonValue {
  enum class Kind { null, boolean, whole, number, text, object, list };

  Kind kind = Kind::null;
  std::string text;
  std::int64_t whole = 0;  ///< of a boolean: 0 or 1
  double number = 0.0;     ///< of a number that is not whole, or beyond 64 bits
};

/// Calls `take` for each value in the order of the text, an object or a list before its contents, until it
/// returns false. Returns whether the text is JSON of at most `max_depth` objects and lists in one another,
/// and all of it was taken.
bool read_json(std::string_view text, std::size_t max_depth,
               const std::function<bool(const JsonPath&, JsonValue&)>& take);

}  // namespace elbo::io
