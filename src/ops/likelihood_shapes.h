#pragma once
// Checks of the views given to the ops that score rows.

#include "ops/likelihood.h"
#include "ops/shapes.h"

namespace elbo::ops {

/// Throws ShapeError unless the views fit x [n, d] and parameters [n·K, …], as ops/likelihood.h says.
inline void check_row_costs(const char* op, const VectorView<float>& nll, const MatrixView<float>& gradient,
                            const MatrixView<const float>& parameters, const MatrixView<const float>& x,
                            const MatrixView<const float>& mask, const RowWeight& weight) {
  const std::int64_t rows = parameters.rows;
  ELBO_CHECK(rows_per_example(rows, x.rows), ShapeError, op, " was given x ", shape(x), " and parameters ",
             shape(parameters), ", not a multiple of its rows");
  check_optional_size(op, "nll", nll, rows);
  check_optional_shape(op, "gradient", gradient, rows, parameters.cols);
  check_optional_shape(op, "mask", mask, x.rows, x.cols);
  check_optional_size(op, "weight.per_row", weight.per_row, rows);
}

}  // namespace elbo::ops
