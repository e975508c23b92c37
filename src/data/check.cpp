#include "data/check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "base/check.h"
#include "base/text.h"

namespace elbo::data {
namespace {

/// Writes as few digits as tell the value from its neighbours: 1.0000001 is not shown as 1.
std::string shortest(float value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

[[noreturn]] void fail_class(const ValueRange& range, std::string_view place, std::string_view what) {
  throw DataError(concat(place, " is ", what, ", but ", range.needed_by, " needs whole numbers from ",
                         range.low, " to ", range.high, ".\n", range.advice, "."));
}

[[noreturn]] void fail(const ValueRange& range, std::string_view place, float value) {
  if (std::isnan(value)) {
    throw DataError(
        concat(place,
               " is missing (NaN).\nSet data.missing = \"mask\" to leave missing values out of the "
               "likelihood, or remove the examples or columns that have them."));
  }
  if (std::isinf(value)) {
    throw DataError(concat(
        place, " is infinite (or too large for a 32-bit float).\nRemove the example or scale the data."));
  }
  if (range.whole) fail_class(range, place, shortest(value));
  throw DataError(concat(place, " is ", shortest(value), ", but ", range.needed_by, " needs values in [",
                         range.low, ", ", range.high, "].\n", range.advice, ", or scale the data."));
}

/// "row 7 of a.npy", "line 9 of a.csv".
std::string row_place(const Examples& examples, std::string_view source, std::int64_t example) {
  const auto row = examples.rows.empty() ? example : examples.rows[static_cast<std::size_t>(example)];
  const std::string_view origin = examples.origin.empty() ? source : std::string_view(examples.origin);
  return concat(examples.from_text ? "line " : "row ", row, " of ", origin);
}

/// "row 7 of a.npy, dimension 2 (counted from 0)", "line 9 of a.csv, column 3 ("height")".
std::string place_of(const Examples& examples, std::string_view source, std::int64_t example,
                     std::int64_t dimension, const std::vector<std::string>& columns) {
  const auto j = static_cast<std::size_t>(dimension);
  const std::string column = j < columns.size() ? shown(columns[j]) : "";
  const std::string row = row_place(examples, source, example);
  // A text file's columns are counted from 1. A name is clearer, because a column of labels is not among the
  // values.
  if (examples.from_text) return concat(row, ", column ", column.empty() ? std::to_string(j + 1) : column);
  return concat(row, ", dimension ", j, column.empty() ? "" : " " + column, " (counted from 0)");
}

}  // namespace
}  // namespace elbo::data

void elbo::check_finite(const Examples& examples, std::string_view needed_by) {
  data::check_support(examples, {.needed_by = std::string(needed_by)}, needed_by);
}

namespace elbo::data {

void check_support(const Examples& examples, const ValueRange& range, std::string_view source,
                   const std::vector<std::string>& columns) {
  const auto place = [&](std::int64_t at) {
    return place_of(examples, source, at / examples.dims, at % examples.dims, columns);
  };
  // Bytes stand for 0 … 1, which suits every likelihood but the categorical.
  if (range.whole) {
    const auto byte = std::ranges::find_if_not(examples.bytes,
                                               [](std::uint8_t value) { return value == 0 || value == 255; });
    if (byte != examples.bytes.end()) {
      fail_class(range, place(byte - examples.bytes.begin()),
                 concat("the byte ", int{*byte}, ", which stands for ", int{*byte}, "/255"));
    }
  }
  // A comparison with NaN is false.
  const auto found = std::find_if_not(examples.floats.begin(), examples.floats.end(), [&](float value) {
    const bool suits = !range.whole || value == std::floor(value);
    return (value >= range.low && value <= range.high && !std::isinf(value) && suits) ||
           (range.may_miss && std::isnan(value));
  });
  if (found != examples.floats.end()) fail(range, place(found - examples.floats.begin()), *found);
}

void check_presence(const Examples& examples, std::string_view source) {
  const auto dims = static_cast<std::size_t>(examples.dims);
  for (std::size_t first = 0; first < examples.floats.size(); first += dims) {
    const auto row = std::span(examples.floats).subspan(first, dims);
    if (!std::ranges::all_of(row, [](float value) { return std::isnan(value); })) continue;
    throw DataError(
        concat(row_place(examples, source, static_cast<std::int64_t>(first / dims)),
               ": all its values are missing (NaN, or 0 in data.mask), so that it would count as an "
               "example that costs nothing.\nRemove it, from the mask too."));
  }
}

void check_support(const Dataset& dataset, const ValueRange& range) {
  const auto check = [&](const Examples& examples, const char* split) {
    const std::string source = concat(dataset.name, ", ", split);
    check_support(examples, range, source, dataset.columns);
    check_presence(examples, source);
  };
  check(dataset.train, "train");
  check(dataset.validation, "validation");
  check(dataset.test, "test");
}

}  // namespace elbo::data
