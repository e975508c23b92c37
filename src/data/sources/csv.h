#pragma once
// Comma-separated values (RFC 4180), also separated by semicolons or tabs.

#include <filesystem>
#include <string>
#include <string_view>

#include "elbo/dataset.h"

namespace elbo::data {

/// Rows of numbers. The separator is whichever of , ; and tab occurs most often in the first line. The first
/// row is a header if none of its fields is a number and at least one is text. An empty field, NA and NaN are
/// NaN. A column named label, class or target becomes the labels if it holds whole numbers or text (numbered
/// in sorted order); with fractions it stays a value. Throws DataError naming the line.
Dataset parse_csv(std::string_view text, std::string_view origin, std::string name);

/// Throws IoError, DataError.
Dataset load_csv(const std::filesystem::path& file, std::string name);

}  // namespace elbo::data
