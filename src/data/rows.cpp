#include "data/rows.h"

#include <algorithm>

#include "base/check.h"
#include "data/sources/array.h"

namespace elbo {

float CsrRows::at(std::int64_t i, std::int64_t j) const {
  const auto row = static_cast<std::size_t>(i);
  const auto first = columns.begin() + starts[row], end = columns.begin() + starts[row + 1];
  const auto found = std::lower_bound(first, end, j);
  return found != end && *found == j ? values[static_cast<std::size_t>(found - columns.begin())] : 0.0f;
}

}  // namespace elbo

namespace elbo::data {

std::span<const float> FloatRows::operator[](std::int64_t i) {
  const auto dims = static_cast<std::size_t>(examples_.dims), row = static_cast<std::size_t>(i);
  if (!examples_.floats.empty()) return std::span(examples_.floats).subspan(row * dims, dims);
  row_.resize(dims);
  if (!examples_.bytes.empty()) {
    const auto bytes = std::span(examples_.bytes).subspan(row * dims, dims);
    std::ranges::transform(bytes, row_.begin(),
                           [](int byte) { return static_cast<float>(byte) * kByteScale; });
    return row_;
  }
  std::ranges::fill(row_, 0.0f);
  const CsrRows& sparse = examples_.sparse;
  for (auto at = static_cast<std::size_t>(sparse.starts[row]);
       at < static_cast<std::size_t>(sparse.starts[row + 1]); ++at)
    row_[static_cast<std::size_t>(sparse.columns[at])] = sparse.values[at];
  return row_;
}

std::int64_t row_of(const Examples& examples, std::size_t at) {
  const auto number = static_cast<std::int64_t>(at);
  if (examples.sparse.empty()) return number / examples.dims;
  const auto& starts = examples.sparse.starts;
  return std::ranges::upper_bound(starts, number) - starts.begin() - 1;
}

void check_sparse(const CsrRows& rows, std::int64_t dims) {
  const auto stored = std::ssize(rows.values);
  const auto& starts = rows.starts;
  if (starts.empty() || starts.front() != 0 || starts.back() != stored || !std::ranges::is_sorted(starts) ||
      std::ssize(rows.columns) != stored) {
    throw DataError(concat("a sparse matrix of ", rows.rows(), " rows has ", rows.columns.size(),
                           " columns and ", stored, " values, which its starts do not fit"));
  }
  for (std::int64_t i = 0; i < rows.rows(); ++i) {
    std::int64_t last = -1;
    for (auto at = starts[static_cast<std::size_t>(i)]; at < starts[static_cast<std::size_t>(i) + 1]; ++at) {
      const std::int64_t column = rows.columns[static_cast<std::size_t>(at)];
      if (column <= last || column >= dims) {
        throw DataError(concat("row ", i, " of a sparse matrix has the column ", column,
                               ", but columns ascend from 0 to ", dims - 1));
      }
      last = column;
    }
  }
}

CsrRows take_rows(const CsrRows& from, std::span<const std::int64_t> rows) {
  CsrRows taken;
  if (from.empty()) return taken;
  taken.starts.push_back(0);
  for (const std::int64_t row : rows) {
    const auto first = from.starts[static_cast<std::size_t>(row)],
               end = from.starts[static_cast<std::size_t>(row) + 1];
    taken.columns.insert(taken.columns.end(), from.columns.begin() + first, from.columns.begin() + end);
    taken.values.insert(taken.values.end(), from.values.begin() + first, from.values.begin() + end);
    taken.starts.push_back(std::ssize(taken.values));
  }
  return taken;
}

}  // namespace elbo::data
