#include "data/sources/text_lines.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/text.h"

namespace elbo::data {
namespace {

template <class T>
std::optional<T> parse(std::string_view word) {
  if (word.starts_with('+') && !word.starts_with("+-")) word.remove_prefix(1);
  T value{};
  const char* last = word.data() + word.size();
  const auto [end, error] = std::from_chars(word.data(), last, value);
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

}  // namespace

bool TextLines::next(std::string_view& line) {
  if (rest_.empty()) return false;
  const auto end = std::min(rest_.find('\n'), rest_.size());
  line = rest_.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  ++number_;
  return true;
}

std::string TextLines::place() const {
  return concat(origin_, ":", number_);
}

void split_words(std::string_view line, std::vector<std::string_view>& words) {
  constexpr std::string_view kSpaces = " \t";
  words.clear();
  for (auto first = line.find_first_not_of(kSpaces); first != line.npos;) {
    const auto end = std::min(line.find_first_of(kSpaces, first), line.size());
    words.push_back(line.substr(first, end - first));
    first = line.find_first_not_of(kSpaces, end);
  }
}

std::optional<double> to_number(std::string_view word) {
  return parse<double>(word);
}

std::optional<std::int64_t> to_integer(std::string_view word) {
  return parse<std::int64_t>(word);
}

float require_float(std::string_view word, std::string_view place) {
  const auto number = to_number(word);
  if (!number)
    throw DataError(concat(place, ": ", shown(word), " is not a number that a 64-bit float holds"));
  if (std::fabs(*number) > std::numeric_limits<float>::max())
    throw DataError(concat(place, ": ", shown(word), " is infinite or too large for a 32-bit float"));
  return static_cast<float>(*number);
}

}  // namespace elbo::data
