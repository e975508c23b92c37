#pragma once
// Comma-separated values (RFC 4180), also separated by semicolons or tabs.

#include <filesystem>
#include <string>
#include <string_view>

#include "elbo/dataset.h"

namespace elbo::data {

/// Rows of numbers. The separator is the one of , ; and tab that the first line has most of; the first row is
/// a header where no field of it is a number and one is text. An empty field, NA and NaN are NaN. A column
/// that the header names label, class or target becomes the labels where it is whole numbers or text
/// (numbered in sorted order); with fractions it stays a value. Throws DataError naming the line.
Dataset parse_csv(std::string_view text, std::string_view origin, std::string name);

/// Throws IoError, DataError.
Dataset load_csv(const std::filesystem::path& file, std::string name);

}  // namespace elbo::data
