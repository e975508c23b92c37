#pragma once
// Sparse matrices in memory, by compressed rows.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "data/sources/array.h"

namespace elbo::data {

/// A sparse matrix [rows, cols]: the values of row i, and their columns, are at indptr[i] … indptr[i + 1]. A
/// place that is not stored is 0; values stored for one place add up.
struct Csr {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<std::int64_t> indptr;  ///< rows + 1, from 0 to the number of values, never falling
  std::vector<std::int64_t> indices;
  std::vector<float> values;
};

/// One value of a matrix and its place, counted from 0.
struct Entry {
  std::int64_t row = 0;
  std::int64_t col = 0;
  float value = 0.0f;
};

/// Throws DataError, naming `origin`, if the matrix is not as Csr says: a size is negative, `indptr` does not
/// fit the rows and values, or a column is outside the matrix.
void check_csr(const Csr& matrix, std::string_view origin);

/// A matrix of entries in any order, which it keeps within a row. Throws DataError if a size is negative or
/// an entry outside the matrix; OutOfMemoryError like to_dense.
Csr to_csr(std::int64_t rows, std::int64_t cols, std::span<const Entry> entries, std::string_view origin);

/// The transpose, and so compressed rows from compressed columns. Throws like check_csr and to_csr.
Csr transpose(const Csr& matrix, std::string_view origin);

/// The matrix as an array [rows, cols], in the form that takes less memory: sparse, with the values of one
/// place added up, or dense. Throws DataError like check_csr, and if there are more columns than 32 bits
/// count; OutOfMemoryError, naming `origin` and the size, if a dense one would take more than the machine's
/// memory.
Array to_array(const Csr& matrix, std::string_view origin);

}  // namespace elbo::data
