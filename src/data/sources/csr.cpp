#include "data/sources/csr.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/memory.h"

namespace elbo::data {
namespace {

constexpr double kLargest = 0x1p62;

std::string size_name(std::int64_t rows, std::int64_t cols) {
  const std::int64_t shape[] = {rows, cols};
  return shape_name(shape);
}

void check_sizes(std::int64_t rows, std::int64_t cols, std::string_view origin) {
  if (rows >= 0 && cols >= 0) return;
  throw DataError(concat(origin, ": a matrix of ", size_name(rows, cols), " values has a negative size"));
}

/// Refuses early what to_dense() could not hold. Two columns are what the pointers to the rows take.
void check_memory(std::int64_t rows, std::int64_t cols, std::string_view origin) {
  const double bytes =
      static_cast<double>(rows) * static_cast<double>(std::max<std::int64_t>(cols, 2)) * sizeof(float);
  const auto needed = bytes < kLargest ? static_cast<std::size_t>(bytes) : static_cast<std::size_t>(kLargest);
  require_memory(needed, concat(origin, ": a sparse matrix of ", size_name(rows, cols),
                                " values, whose zeros are filled in,"));
}

}  // namespace

void check_csr(const Csr& matrix, std::string_view origin) {
  check_sizes(matrix.rows, matrix.cols, origin);
  const auto& indptr = matrix.indptr;
  const auto stored = static_cast<std::int64_t>(matrix.values.size());
  if (matrix.indices.size() != matrix.values.size()) {
    throw DataError(
        concat(origin, ": a sparse matrix has ", stored, " values, but ", matrix.indices.size(), " indices"));
  }
  if (indptr.empty() || static_cast<std::int64_t>(indptr.size()) - 1 != matrix.rows) {
    throw DataError(concat(origin, ": a sparse matrix of ", matrix.rows, " compressed rows (or columns) has ",
                           indptr.size(), " pointers to them"));
  }
  if (indptr.front() != 0 || indptr.back() != stored || !std::is_sorted(indptr.begin(), indptr.end())) {
    throw DataError(concat(origin, ": the pointers of a sparse matrix do not fit its ", stored, " values"));
  }
  const auto outside = std::find_if_not(matrix.indices.begin(), matrix.indices.end(),
                                        [&](std::int64_t col) { return col >= 0 && col < matrix.cols; });
  if (outside != matrix.indices.end()) {
    throw DataError(concat(origin, ": a sparse matrix has the index ", *outside,
                           ", but indices are less than ", matrix.cols));
  }
}

Csr to_csr(std::int64_t rows, std::int64_t cols, std::span<const Entry> entries, std::string_view origin) {
  check_sizes(rows, cols, origin);
  check_memory(rows, cols, origin);
  Csr matrix{rows, cols, std::vector<std::int64_t>(static_cast<std::size_t>(rows) + 1), {}, {}};
  for (const auto& entry : entries) {
    if (entry.row < 0 || entry.row >= rows || entry.col < 0 || entry.col >= cols) {
      throw DataError(concat(origin, ": a sparse matrix of ", size_name(rows, cols), " has a value in row ",
                             entry.row, ", column ", entry.col, " (counted from 0)"));
    }
    ++matrix.indptr[static_cast<std::size_t>(entry.row) + 1];
  }
  for (std::size_t i = 1; i < matrix.indptr.size(); ++i) matrix.indptr[i] += matrix.indptr[i - 1];
  std::vector<std::int64_t> next(matrix.indptr.begin(), matrix.indptr.end() - 1);
  matrix.indices.resize(entries.size());
  matrix.values.resize(entries.size());
  for (const auto& entry : entries) {
    const auto at = static_cast<std::size_t>(next[static_cast<std::size_t>(entry.row)]++);
    matrix.indices[at] = entry.col;
    matrix.values[at] = entry.value;
  }
  return matrix;
}

Csr transpose(const Csr& matrix, std::string_view origin) {
  check_csr(matrix, origin);
  std::vector<Entry> entries;
  entries.reserve(matrix.values.size());
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    const auto first = static_cast<std::size_t>(matrix.indptr[static_cast<std::size_t>(row)]);
    const auto end = static_cast<std::size_t>(matrix.indptr[static_cast<std::size_t>(row) + 1]);
    for (std::size_t at = first; at < end; ++at)
      entries.push_back({matrix.indices[at], row, matrix.values[at]});
  }
  return to_csr(matrix.cols, matrix.rows, entries, origin);
}

Array to_dense(const Csr& matrix, std::string_view origin) {
  check_csr(matrix, origin);
  check_memory(matrix.rows, matrix.cols, origin);
  Array dense{{matrix.rows, matrix.cols}, {}, {}};
  dense.floats.resize(static_cast<std::size_t>(matrix.rows) * static_cast<std::size_t>(matrix.cols));
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    float* values = dense.floats.data() + row * matrix.cols;
    const auto first = static_cast<std::size_t>(matrix.indptr[static_cast<std::size_t>(row)]);
    const auto end = static_cast<std::size_t>(matrix.indptr[static_cast<std::size_t>(row) + 1]);
    for (std::size_t at = first; at < end; ++at) values[matrix.indices[at]] += matrix.values[at];
  }
  return dense;
}

}  // namespace elbo::data
