#include "data/check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "data/text.h"
#include "runtime/check.h"

namespace elbo::data {
namespace {

/// As few digits as tell the value from its neighbours: 1.0000001 is not shown as 1.
std::string shortest(float value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

[[noreturn]] void fail(const ValueRange& range, std::string_view place, float value) {
  if (std::isnan(value)) {
    throw DataError(concat(
        place, " is missing (NaN).\nRemove the examples or columns with missing values, or fill them in."));
  }
  if (std::isinf(value)) {
    throw DataError(concat(
        place, " is infinite (or too large for a 32-bit float).\nRemove the example or scale the data."));
  }
  throw DataError(concat(place, " is ", shortest(value), ", but ", range.needed_by, " needs values in [",
                         range.low, ", ", range.high, "].\n", range.advice, ", or scale the data."));
}

/// "row 7 of a.npy, dimension 2 (counted from 0)", "line 9 of a.csv, column 3 ("height")".
std::string place_of(const Examples& examples, std::string_view source, std::int64_t example,
                     std::int64_t dimension, const std::vector<std::string>& columns) {
  const auto row = examples.rows.empty() ? example : examples.rows[static_cast<std::size_t>(example)];
  const auto j = static_cast<std::size_t>(dimension);
  const std::string column = j < columns.size() ? shown(columns[j]) : "";
  const std::string_view origin = examples.origin.empty() ? source : std::string_view(examples.origin);
  // A text file's columns are counted from 1; a name says more, as a column of labels is not among the
  // values.
  if (examples.from_text)
    return concat("line ", row, " of ", origin, ", column ", column.empty() ? std::to_string(j + 1) : column);
  return concat("row ", row, " of ", origin, ", dimension ", j, column.empty() ? "" : " " + column,
                " (counted from 0)");
}

}  // namespace

ValueRange support_of(LikelihoodKind kind, const DataSettings& settings) {
  const std::string name(likelihood_name(kind));
  if (settings.binarize == "threshold") return {.needed_by = name};
  if (settings.binarize == "resample") {
    return {"data.binarize=resample", 0.0f, 1.0f, "Use --set data.binarize=none"};
  }
  if (likelihood_support(kind) == Support::real) return {.needed_by = name};
  return {name, 0.0f, 1.0f, "Use --set model.likelihood=gaussian"};
}

void check_support(const Examples& examples, const ValueRange& range, std::string_view source,
                   const std::vector<std::string>& columns) {
  // Bytes stand for 0 … 1, which suits every likelihood. A comparison with NaN is false.
  const auto found = std::find_if_not(examples.floats.begin(), examples.floats.end(), [&](float value) {
    return value >= range.low && value <= range.high && !std::isinf(value);
  });
  if (found == examples.floats.end()) return;
  const std::int64_t at = found - examples.floats.begin();
  fail(range, place_of(examples, source, at / examples.dims, at % examples.dims, columns), *found);
}

void check_support(const Dataset& dataset, const ValueRange& range) {
  check_support(dataset.train, range, dataset.name + ", train", dataset.columns);
  check_support(dataset.validation, range, dataset.name + ", validation", dataset.columns);
  check_support(dataset.test, range, dataset.name + ", test", dataset.columns);
}

}  // namespace elbo::data
