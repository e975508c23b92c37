#pragma once
// AnnData's files, .h5ad (https://anndata.readthedocs.io/en/latest/fileformat-prose.html).

#include <filesystem>
#include <string>
#include <string_view>

#include "elbo/dataset.h"

namespace elbo::data {

/// Reads X, or the matrix that `array` names ("layers/counts", "raw/X", "obsm/X_pca"), dense or sparse.
/// Unsigned bytes are numbers here. The index of obs becomes the ids, that of var the columns' names. The
/// labels are the column of obs named label, class, cell_type, celltype, louvain, leiden or bulk_labels, if
/// it has exactly one, which a note says. Throws IoError; DataError, also if elbo was built without HDF5;
/// OutOfMemoryError.
Dataset load_h5ad(const std::filesystem::path& file, std::string name, std::string_view array = {});

}  // namespace elbo::data
