#pragma once
// Matrix Market's text files, .mtx (https://math.nist.gov/MatrixMarket/formats.html).

#include <filesystem>
#include <string>
#include <string_view>

#include "elbo/dataset.h"

namespace elbo::data {

/// Reads a matrix, sparse (coordinate) or dense (array), of real, integer or pattern values, general or
/// symmetric. Its rows are the examples; places that are not named are 0, those of a pattern 1. Throws
/// DataError naming the line; OutOfMemoryError.
Dataset parse_matrix_market(std::string_view text, std::string_view origin, std::string name);

/// The same from a file, which may be gzip. Throws IoError, DataError, OutOfMemoryError.
Dataset load_matrix_market(const std::filesystem::path& file, std::string name);

}  // namespace elbo::data
