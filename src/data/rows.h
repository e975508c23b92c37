#pragma once
// The rows of examples as floats, however they are stored.

#include <span>
#include <vector>

#include "elbo/dataset.h"

namespace elbo::data {

/// Rows of floats, before preprocessing: a byte is its value times 1/255, and of a sparse matrix all values
/// are filled in. The examples must outlive it.
class FloatRows {
 public:
  explicit FloatRows(const Examples& examples) : examples_(examples) {}

  /// Row i, [dims]. Valid until the next call.
  std::span<const float> operator[](std::int64_t i);

 private:
  const Examples& examples_;
  std::vector<float> row_;
};

/// The floats that are stored: those of `floats` or of `sparse`, whose other values are 0. None of bytes.
inline const std::vector<float>& stored_floats(const Examples& examples) {
  return examples.sparse.empty() ? examples.floats : examples.sparse.values;
}

/// The column of stored float number `at`.
inline std::int64_t column_of(const Examples& examples, std::size_t at) {
  if (examples.sparse.empty()) return static_cast<std::int64_t>(at) % examples.dims;
  return examples.sparse.columns[at];
}

/// The row of stored float number `at`.
std::int64_t row_of(const Examples& examples, std::size_t at);

/// Throws DataError if `rows` is not as CsrRows says, or a column is outside [0, dims).
void check_sparse(const CsrRows& rows, std::int64_t dims);

/// The rows with these numbers, in their order; none if the matrix is empty.
CsrRows take_rows(const CsrRows& from, std::span<const std::int64_t> rows);

}  // namespace elbo::data
