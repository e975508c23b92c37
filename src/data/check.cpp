#include "data/check.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

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
                   std::string_view split, const std::vector<std::string>& columns, bool allow_missing) {
  if (examples.floats.empty()) return;  // bytes stand for 0 … 1, which suits every likelihood
  const auto suits = [&](float value) {
    // A comparison with NaN is false.
    return (value >= range.low && value <= range.high && !std::isinf(value)) ||
           (allow_missing && std::isnan(value));
  };
  const auto found = std::find_if_not(examples.floats.begin(), examples.floats.end(), suits);
  if (found == examples.floats.end()) return;
  const auto at = found - examples.floats.begin();
  const auto dimension = static_cast<std::size_t>(at % examples.dims);
  const std::string column = dimension < columns.size() ? concat(" (\"", columns[dimension], "\")") : "";
  fail(range,
       concat(source, ": example ", at / examples.dims, ", dimension ", dimension, column, " of ", split),
       *found);
}

void check_support(const Dataset& dataset, const ValueRange& range, bool allow_missing) {
  check_support(dataset.train, range, dataset.name, "train", dataset.columns, allow_missing);
  check_support(dataset.validation, range, dataset.name, "validation", dataset.columns, allow_missing);
  check_support(dataset.test, range, dataset.name, "test", dataset.columns, allow_missing);
}

}  // namespace elbo::data
