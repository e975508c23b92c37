#pragma once
// Checks of the views given to ops.

#include <cstdint>
#include <source_location>
#include <string>

#include "base/check.h"
#include "math/activation_kind.h"
#include "runtime/view.h"

namespace elbo::ops {

/// "[size]" and "[rows, cols]", for messages.
std::string shape(std::int64_t size);
std::string shape(std::int64_t rows, std::int64_t cols);
template <class T>
std::string shape(const MatrixView<T>& view) {
  return shape(view.rows, view.cols);
}

/// Whether every example has the same number of rows; no examples have no rows.
constexpr bool rows_per_example(std::int64_t rows, std::int64_t examples) {
  return examples == 0 ? rows == 0 : rows % examples == 0;
}

/// Throws ShapeError: "op: name is given where needed is needed (file:line)".
[[noreturn]] void throw_shape_error(const char* op, const char* name, const std::string& given,
                                    const std::string& needed, const std::source_location& where);

/// Throws ShapeError unless the matrix is [rows, cols].
template <class T>
void check_shape(const char* op, const char* name, const MatrixView<T>& matrix, std::int64_t rows,
                 std::int64_t cols, const std::source_location& where = std::source_location::current()) {
  if (matrix.rows != rows || matrix.cols != cols) [[unlikely]] {
    throw_shape_error(op, name, shape(matrix), shape(rows, cols), where);
  }
}

/// Throws ShapeError unless the matrix is [rows, cols] with memory for it and rows that do not overlap.
template <class T>
void check_matrix(const char* op, const char* name, const MatrixView<T>& matrix, std::int64_t rows,
                  std::int64_t cols) {
  check_shape(op, name, matrix, rows, cols);
  ELBO_CHECK(matrix.stride >= cols, ShapeError, op, ": ", name, " has rows of ", cols, " values only ",
             matrix.stride, " apart");
  ELBO_CHECK(!matrix.empty() || rows == 0 || cols == 0, ShapeError, op, ": ", name, " ", shape(matrix),
             " has no memory");
}
/// The same, and checks that the rows are contiguous.
template <class T>
void check_contiguous(const char* op, const char* name, const MatrixView<T>& matrix) {
  ELBO_CHECK(matrix.contiguous(), ShapeError, op, ": ", name, " must be contiguous, and its rows of ",
             matrix.cols, " values are ", matrix.stride, " apart");
}

/// Throws ShapeError unless `saved`, from which act′ is computed, is such a matrix. It may be empty for the
/// identity, and if there are no rows.
inline void check_saved(const char* op, const MatrixView<const float>& saved, std::int64_t rows,
                        std::int64_t cols, Activation activation) {
  if (!saved.empty()) check_matrix(op, "saved", saved, rows, cols);
  ELBO_CHECK(!saved.empty() || activation == Activation::identity || rows == 0, ShapeError, op,
             ": saved is empty, and the activation's derivative needs it");
}

/// Throws ShapeError unless the vector has `size` values.
template <class T>
void check_size(const char* op, const char* name, const VectorView<T>& vector, std::int64_t size,
                const std::source_location& where = std::source_location::current()) {
  if (vector.size != size) [[unlikely]] {
    throw_shape_error(op, name, shape(vector.size), shape(size), where);
  }
}

/// The same for views that may be empty.
template <class T>
void check_optional_shape(const char* op, const char* name, const MatrixView<T>& matrix, std::int64_t rows,
                          std::int64_t cols,
                          const std::source_location& where = std::source_location::current()) {
  if (!matrix.empty()) check_shape(op, name, matrix, rows, cols, where);
}
template <class T>
void check_optional_size(const char* op, const char* name, const VectorView<T>& vector, std::int64_t size,
                         const std::source_location& where = std::source_location::current()) {
  if (!vector.empty()) check_size(op, name, vector, size, where);
}

}  // namespace elbo::ops
