#pragma once
// Checks of data's values before training and evaluation.

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "elbo/dataset.h"

namespace elbo::data {

/// The range of values that a likelihood or an operation needs, both ends included.
struct ValueRange {
  std::string needed_by{};  ///< for errors: "bernoulli", "decoding"
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  std::string advice{};   ///< what to use instead if data is outside
  bool may_miss = false;  ///< whether NaN is allowed, as a missing value
  bool whole = false;     ///< whether values must be whole numbers
};

/// Checks that every value is finite and in its range, or missing if range.may_miss; a byte stands for byte /
/// 255. `ranges` has one range for all values, or one for each dimension. `source` ("mine, train") names
/// examples without an origin, `columns` (may be empty) the dimensions. Throws DataError with the first
/// offending value, its row or line, and what to do.
void check_support(const Examples& examples, std::span<const ValueRange> ranges, std::string_view source,
                   const std::vector<std::string>& columns = {});

/// Checks that no example has all its values missing, as it would count as an example without cost. Throws
/// DataError.
void check_presence(const Examples& examples, std::string_view source);

/// Checks that every example has a label from 0 to classes − 1, for model.condition, or none if it may miss.
/// Throws DataError.
void check_labels(const Examples& examples, std::int64_t classes, std::string_view source, bool may_miss);

/// Checks that every example has a value for each of the conditions with these names: a number from 0 below
/// its levels if it has any, else a finite one. Throws DataError, with the row or line; ShapeError.
void check_conditions(const Examples& examples, std::span<const std::string> names,
                      std::span<const std::int32_t> levels, std::string_view source);

/// Makes both checks for every split of a dataset.
void check_support(const Dataset& dataset, std::span<const ValueRange> ranges);
inline void check_support(const Dataset& dataset, const ValueRange& range) {
  check_support(dataset, {&range, 1});
}

}  // namespace elbo::data
