#pragma once
// Sparse matrices as SciPy saves them in an .npz
// (https://docs.scipy.org/doc/scipy/reference/generated/scipy.sparse.save_npz.html).

#include "data/sources/csr.h"
#include "data/sources/npz_archive.h"

namespace elbo::data {

/// Whether the archive's arrays are those of a sparse matrix: format, shape, data and what the format needs.
bool holds_sparse_matrix(const NpzArchive& archive);

/// Reads a sparse matrix of format csr, csc or coo. Unsigned bytes are numbers here. Throws DataError, also
/// for another format; OutOfMemoryError.
Csr read_sparse_matrix(const NpzArchive& archive);

}  // namespace elbo::data
