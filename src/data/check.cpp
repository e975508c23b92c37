#include "data/check.h"

#include <algorithm>
#include <cmath>

#include "runtime/check.h"

namespace elbo::data {
namespace {

[[noreturn]] void fail(const Support& support, std::string_view place, float value) {
  if (std::isnan(value)) {
    throw DataError(concat(
        place, " is missing (NaN).\nRemove the examples or columns with missing values, or fill them in."));
  }
  if (std::isinf(value)) {
    throw DataError(concat(
        place, " is infinite (or too large for a 32-bit float).\nRemove the example or scale the data."));
  }
  throw DataError(concat(place, " is ", value, ", but ", support.name, " needs values in [", support.low,
                         ", ", support.high, "].\nUse --set model.likelihood=gaussian, or scale the data."));
}

}  // namespace

Support support_of(LikelihoodKind kind) {
  switch (kind) {
    case LikelihoodKind::bernoulli:
      return {"bernoulli", 0.0f, 1.0f};
    case LikelihoodKind::gaussian:
      return {"gaussian"};
    case LikelihoodKind::gaussian_learned:
      return {"gaussian-learned"};
  }
  return {};
}

void check_support(const Examples& examples, const Support& support, std::string_view source,
                   std::string_view split, const std::vector<std::string>& columns, bool allow_missing) {
  if (examples.floats.empty()) return;  // bytes stand for 0 … 1, which suits every likelihood
  const auto suits = [&](float value) {
    // A comparison with NaN is false.
    return (value >= support.low && value <= support.high && !std::isinf(value)) ||
           (allow_missing && std::isnan(value));
  };
  const auto found = std::find_if_not(examples.floats.begin(), examples.floats.end(), suits);
  if (found == examples.floats.end()) return;
  const auto at = found - examples.floats.begin();
  const auto dimension = static_cast<std::size_t>(at % examples.dims);
  const std::string column = dimension < columns.size() ? concat(" (\"", columns[dimension], "\")") : "";
  fail(support,
       concat(source, ": example ", at / examples.dims, ", dimension ", dimension, column, " of ", split),
       *found);
}

void check_support(const Dataset& dataset, const Support& support, bool allow_missing) {
  check_support(dataset.train, support, dataset.name, "train", dataset.columns, allow_missing);
  check_support(dataset.validation, support, dataset.name, "validation", dataset.columns, allow_missing);
  check_support(dataset.test, support, dataset.name, "test", dataset.columns, allow_missing);
}

}  // namespace elbo::data
