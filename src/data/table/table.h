#pragma once
// A text table as a dataset.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "elbo/dataset.h"

namespace elbo::data {

/// Reads a table's text. With `like`, its columns are matched with those of a model. What was inferred and
/// left out is in Dataset::notes. The examples keep their source if `keep_source`. Throws ConfigError if an
/// option does not fit the file, DataError naming the line.
Dataset parse_table(std::string_view text, std::string_view origin, std::string name,
                    const TableOptions& options = {}, const std::optional<Schema>& like = {},
                    bool keep_source = false);

}  // namespace elbo::data
