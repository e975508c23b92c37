#pragma once
// Tables on the host, and results copied to them.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "elbo/dataset.h"
#include "evaluation/host_copies.h"

namespace elbo {

inline Table make_table(std::int64_t rows, std::int64_t cols) {
  return {rows, cols, std::vector<float>(static_cast<std::size_t>(rows * cols))};
}

/// Copies rows of a strided device matrix to rows [first, …) of a table.
inline void rows_to_host(Context& context, Table& table, std::int64_t first, MatrixView<const float> from) {
  std::vector<float> host;
  HostCopies copies(context);
  copies.request(host, from);
  copies.wait();
  for (std::int64_t i = 0; i < from.rows; ++i) {
    std::copy_n(host.begin() + i * from.stride, from.cols, table.values.begin() + (first + i) * table.cols);
  }
}

}  // namespace elbo
