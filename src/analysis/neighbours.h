#pragma once
// Distances from a point to all rows of a table.

#include "elbo/analysis.h"

namespace elbo::analysis {

/// A table stored by columns, so that loops over its rows read memory in order.
class Columns {
 public:
  explicit Columns(const Table& table);
  /// distances [rows] = ‖point − row‖².
  void squared_distances(std::span<const float> point, std::span<float> distances) const;

 private:
  std::size_t rows_, cols_;
  std::vector<float> values_;
};

/// Throws DataError, naming `what`, if a value is not finite.
void require_finite(const Table& table, const char* what);

}  // namespace elbo::analysis
