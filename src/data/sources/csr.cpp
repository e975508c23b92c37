#include "data/sources/csr.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/memory.h"

namespace elbo::data {
namespace {

constexpr double kLargest = 0x1p62;
/// What reading and summing up takes at least for each column, beside its values.
constexpr std::int64_t kBytesPerColumn = 64;

std::string size_name(std::int64_t rows, std::int64_t cols) {
  const std::int64_t shape[] = {rows, cols};
  return shape_name(shape);
}

void check_sizes(std::int64_t rows, std::int64_t cols, std::string_view origin) {
  if (rows >= 0 && cols >= 0) return;
  throw DataError(concat(origin, ": a matrix of ", size_name(rows, cols), " values has a negative size"));
}

/// Refuses early what the machine's memory cannot hold.
void check_memory(std::int64_t rows, std::int64_t bytes_a_row, std::string_view origin,
                  std::string_view what) {
  const double bytes = static_cast<double>(rows) * static_cast<double>(bytes_a_row);
  const auto needed = bytes < kLargest ? static_cast<std::size_t>(bytes) : static_cast<std::size_t>(kLargest);
  require_memory(needed, concat(origin, ": ", what));
}

/// The values of one row, sorted by column. Several values of one column are added up.
class RowValues {
 public:
  explicit RowValues(const Csr& matrix) : matrix_(matrix) {}

  const std::vector<std::pair<std::int32_t, float>>& read(std::int64_t row) {
    values_.clear();
    const auto first = static_cast<std::size_t>(matrix_.indptr[static_cast<std::size_t>(row)]);
    const auto end = static_cast<std::size_t>(matrix_.indptr[static_cast<std::size_t>(row) + 1]);
    for (std::size_t at = first; at < end; ++at)
      values_.emplace_back(static_cast<std::int32_t>(matrix_.indices[at]), matrix_.values[at]);
    const auto column = [](const auto& value) { return value.first; };
    if (!std::ranges::is_sorted(values_, std::ranges::less(), column))
      std::ranges::stable_sort(values_, std::ranges::less(), column);
    merge();
    return values_;
  }

 private:
  void merge() {
    std::size_t kept = 0;
    for (std::size_t at = 0; at < values_.size(); ++at) {
      if (kept > 0 && values_[kept - 1].first == values_[at].first) {
        values_[kept - 1].second += values_[at].second;
      } else {
        values_[kept++] = values_[at];
      }
    }
    values_.resize(kept);
  }

  const Csr& matrix_;
  std::vector<std::pair<std::int32_t, float>> values_;
};

CsrRows to_sparse(const Csr& matrix) {
  CsrRows sparse;
  sparse.starts.reserve(matrix.indptr.size());
  sparse.starts.push_back(0);
  sparse.columns.reserve(matrix.values.size());
  sparse.values.reserve(matrix.values.size());
  RowValues rows(matrix);
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    for (const auto& [column, value] : rows.read(row)) {
      sparse.columns.push_back(column);
      sparse.values.push_back(value);
    }
    sparse.starts.push_back(std::ssize(sparse.values));
  }
  return sparse;
}

std::vector<float> to_dense(const Csr& matrix) {
  std::vector<float> dense(static_cast<std::size_t>(matrix.rows) * static_cast<std::size_t>(matrix.cols));
  RowValues rows(matrix);
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    float* const values = dense.data() + row * matrix.cols;
    for (const auto& [column, value] : rows.read(row)) values[column] = value;
  }
  return dense;
}

/// Whether the matrix takes less memory by its stored values, of 8 bytes, and pointers than by all its
/// values.
bool is_smaller_sparse(const Csr& matrix) {
  const double stored = 8.0 * (static_cast<double>(matrix.values.size()) + static_cast<double>(matrix.rows));
  return stored < 4.0 * static_cast<double>(matrix.rows) * static_cast<double>(matrix.cols);
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
  check_memory(rows, sizeof(std::int64_t), origin,
               concat("the pointers to the rows of a sparse matrix of ", size_name(rows, cols), " values"));
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

Array to_array(const Csr& matrix, std::string_view origin) {
  check_csr(matrix, origin);
  if (matrix.cols > std::numeric_limits<std::int32_t>::max()) {
    throw DataError(concat(origin, ": a sparse matrix has ", matrix.cols, " columns, more than the ",
                           std::numeric_limits<std::int32_t>::max(), " that can be read"));
  }
  check_memory(matrix.cols, kBytesPerColumn, origin, concat("a matrix of ", matrix.cols, " columns"));
  Array array{{matrix.rows, matrix.cols}, {}, {}};
  if (is_smaller_sparse(matrix)) {
    array.sparse = to_sparse(matrix);
    return array;
  }
  check_memory(matrix.rows, matrix.cols * static_cast<std::int64_t>(sizeof(float)), origin,
               concat("a matrix of ", size_name(matrix.rows, matrix.cols), " values"));
  array.floats = to_dense(matrix);
  return array;
}

}  // namespace elbo::data
