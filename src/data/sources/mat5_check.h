#pragma once
// Whether a MATLAB file is whole: libmatio gives memory that was never written for what is missing.

#include <filesystem>

namespace elbo::data {

/// Checks that a file of MATLAB 5 to 7 holds the variables that it declares, and that the compressed ones
/// unpack. Files of MATLAB 7.3, which are HDF5, pass: libhdf5 checks them. Throws IoError; DataError, also
/// for MATLAB 4.
void check_mat5(const std::filesystem::path& file);

}  // namespace elbo::data
