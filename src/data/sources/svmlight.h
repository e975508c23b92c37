#pragma once
// Sparse rows as text, in the format of SVMlight and LIBSVM: "label index:value index:value # comment".

#include <filesystem>
#include <string>
#include <string_view>

#include "elbo/dataset.h"

namespace elbo::data {

/// Whether the first lines of a file, which may be gzip, are in this format. Throws IoError.
bool looks_like_svmlight(const std::filesystem::path& file);

/// Places that are not named are 0. Indices count from 1, or from 0 if a 0 occurs; "qid:3" is ignored. Labels
/// that are all whole numbers are read; others are left, which a note says. Throws DataError naming the line;
/// OutOfMemoryError.
Dataset parse_svmlight(std::string_view text, std::string_view origin, std::string name);

/// Throws IoError, DataError, OutOfMemoryError.
Dataset load_svmlight(const std::filesystem::path& file, std::string name);

}  // namespace elbo::data
