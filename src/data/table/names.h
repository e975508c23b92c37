#pragma once
// Columns as users name them: by the header, or by number from 1.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/table/survey.h"

namespace elbo::data {

/// "income", or "column 3" where there is no header.
std::string name_of(const Survey& survey, std::size_t field);

/// The column that `text` names. Throws ConfigError, which names `setting` and the nearest name, if there is
/// none, or several have the name.
std::size_t find_column(const Survey& survey, std::string_view text, std::string_view setting);

/// `"a", "b", "c" and 4 more`.
std::string list_names(const std::vector<std::string>& names);

}  // namespace elbo::data
