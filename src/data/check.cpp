#include "data/check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "base/check.h"
#include "base/text.h"
#include "data/rows.h"

namespace elbo::data {
namespace {

/// Writes as few digits as tell the value from its neighbours: 1.0000001 is not shown as 1.
std::string shortest(float value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

[[noreturn]] void fail_class(const ValueRange& range, std::string_view place, std::string_view what) {
  throw DataError(concat(place, " is ", what, ", but ", range.needed_by, " needs whole numbers from ",
                         range.low, " to ", static_cast<std::int64_t>(range.high), ".\n", range.advice, "."));
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

bool suits(const ValueRange& range, float value) {
  if (std::isnan(value)) return range.may_miss;
  return value >= range.low && value <= range.high && !std::isinf(value) &&
         (!range.whole || value == std::floor(value));
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
  const data::ValueRange finite{.needed_by = std::string(needed_by)};
  data::check_support(examples, {&finite, 1}, needed_by);
}

namespace elbo::data {

void check_support(const Examples& examples, std::span<const ValueRange> ranges, std::string_view source,
                   const std::vector<std::string>& columns) {
  const auto place = [&](std::size_t at) {
    return place_of(examples, source, row_of(examples, at), column_of(examples, at), columns);
  };
  const auto range_of = [&](std::size_t at) -> const ValueRange& {
    return ranges.size() == 1 ? ranges[0] : ranges[static_cast<std::size_t>(column_of(examples, at))];
  };
  // Bytes stand for 0 … 1, which suits every likelihood but those of classes and counts.
  const std::size_t bytes = std::ranges::any_of(ranges, &ValueRange::whole) ? examples.bytes.size() : 0;
  for (std::size_t at = 0; at < bytes; ++at) {
    const int byte = examples.bytes[at];
    if (!range_of(at).whole || byte == 0 || byte == 255) continue;
    fail_class(range_of(at), place(at), concat("the byte ", byte, ", which stands for ", byte, "/255"));
  }
  const std::vector<float>& values =
      stored_floats(examples);  // the others are 0, which suits every likelihood
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (!suits(range_of(at), values[at])) fail(range_of(at), place(at), values[at]);
  }
}

void check_labels(const Examples& examples, std::int64_t classes, std::string_view source, bool may_miss) {
  if (examples.labels.empty()) {
    if (may_miss) return;
    throw DataError(concat(examples.origin.empty() ? source : std::string_view(examples.origin),
                           " has no labels, which model.condition reads.",
                           examples.from_text ? "\nName their column with data.label." : ""));
  }
  ELBO_CHECK(std::ssize(examples.labels) == examples.count, ShapeError, examples.labels.size(),
             " labels were given with ", examples.count, " examples");
  for (std::int64_t i = 0; i < examples.count; ++i) {
    const std::int32_t label = examples.labels[static_cast<std::size_t>(i)];
    if ((label >= 0 && label < classes) || (may_miss && label == kNoLabel)) continue;
    const std::string place = row_place(examples, source, i);
    if (label == kNoLabel)
      throw DataError(
          concat(place, " has no label, which model.condition reads: fill it in, or leave the example out."));
    throw DataError(concat(place, " has the label ", label, ", but the model knows 0 to ", classes - 1, "."));
  }
}

void check_conditions(const Examples& examples, std::span<const std::string> names,
                      std::span<const std::int32_t> levels, std::string_view source) {
  const Table& table = examples.conditions;
  if (table.cols == 0 && !names.empty()) {
    throw DataError(concat(examples.origin.empty() ? source : std::string_view(examples.origin),
                           " has no column ", shown(names[0]), ", which model.condition reads."));
  }
  ELBO_CHECK(table.rows == examples.count && table.cols == std::ssize(names) &&
                 std::ssize(table.values) == table.rows * table.cols,
             ShapeError, table.rows, " x ", table.cols, " conditions were given with ", examples.count,
             " examples, for ", names.size(), " columns of model.condition");
  for (std::int64_t i = 0; i < table.rows; ++i) {
    for (std::size_t j = 0; j < names.size(); ++j) {
      const float value = table.row(i)[j];
      const std::int32_t count = levels[j];
      const bool known =
          count == 0 ? std::isfinite(value)
                     : value >= 0.0f && value < static_cast<float>(count) && value == std::floor(value);
      if (known) continue;
      const std::string place = row_place(examples, source, i);
      if (std::isnan(value))
        throw DataError(concat(place, " has no ", shown(names[j]),
                               ", which model.condition reads: fill it in, or leave the example out."));
      if (count == 0) throw DataError(concat(place, " has an infinite ", shown(names[j]), "."));
      throw DataError(concat(place, " has level ", value, " of ", shown(names[j]),
                             ", but the model knows 0 to ", count - 1, "."));
    }
  }
}

void check_presence(const Examples& examples, std::string_view source) {
  if (!examples.bytes.empty()) return;
  FloatRows rows(examples);
  const CsrRows& sparse = examples.sparse;
  for (std::int64_t i = 0; i < examples.count; ++i) {
    const auto row = static_cast<std::size_t>(i);
    if (!sparse.empty() && sparse.starts[row + 1] - sparse.starts[row] < examples.dims) continue;  // has a 0
    if (!std::ranges::all_of(rows[i], [](float value) { return std::isnan(value); })) continue;
    throw DataError(
        concat(row_place(examples, source, i),
               ": all its values are missing (NaN, or 0 in data.mask), so that it would count as an "
               "example that costs nothing.\nRemove it, from the mask too."));
  }
}

void check_support(const Dataset& dataset, std::span<const ValueRange> ranges) {
  const auto check = [&](const Examples& examples, const char* split) {
    const std::string source = concat(dataset.name, ", ", split);
    check_support(examples, ranges, source, dataset.columns);
    check_presence(examples, source);
  };
  check(dataset.train, "train");
  check(dataset.validation, "validation");
  check(dataset.test, "test");
}

}  // namespace elbo::data
