#pragma once
// MATLAB's files, .mat, by libmatio where elbo was built with it.

#include <filesystem>
#include <string>
#include <string_view>

#include "elbo/dataset.h"

namespace elbo::data {

/// Whether this build reads .mat files.
bool has_matio() noexcept;

/// Reads files of MATLAB 5 to 7.3: the variable that `array` names, else X, x, data or the like, else the
/// only one that holds numbers and no labels. It is a matrix, full or sparse, or an array of three or four
/// dimensions; its first dimension counts the examples. Unsigned bytes stand for byte / 255 unless they are
/// logical. Labels are y, label or labels, one for each example. Throws IoError; DataError, also if elbo was
/// built without libmatio; OutOfMemoryError.
Dataset load_mat(const std::filesystem::path& file, std::string name, std::string_view array = {});

}  // namespace elbo::data
