#pragma once
// Whether data has the values that something needs, asked before training and evaluation.

#include <limits>
#include <string>
#include <string_view>

#include "elbo/dataset.h"

namespace elbo::data {

/// The values that something needs, both ends included.
struct ValueRange {
  std::string needed_by{};  ///< for errors: "bernoulli", "decoding"
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  std::string advice{};   ///< what else to use where data is outside
  bool may_miss = false;  ///< NaN is a missing value
  bool whole = false;     ///< only whole numbers
};

/// Checks that every value is finite and in the range, or missing where that may be; a byte stands for
/// byte / 255. `source` ("mine, train") names examples that have no origin of their own, `columns` (may be
/// empty) their dimensions. Throws DataError with the first offending value, the row or line of the origin it
/// is in, and what to do.
void check_support(const Examples& examples, const ValueRange& range, std::string_view source,
                   const std::vector<std::string>& columns = {});

/// Checks that no example has all its values missing: it would count as one that costs nothing. Throws
/// DataError.
void check_presence(const Examples& examples, std::string_view source);

/// Both for every split of a dataset.
void check_support(const Dataset& dataset, const ValueRange& range);

}  // namespace elbo::data
