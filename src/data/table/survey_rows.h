#pragma once
// What the rows of a table hold, found block by block.

#include <cstdint>
#include <string_view>

#include "data/table/survey.h"

namespace elbo::data {

/// Adds the rows of a text below its header to a survey, which has its header, width and style. The text has
/// `separator` between fields and begins in line `first_line`. Long texts are read in blocks, on all threads.
/// Throws DataError, with the line, if rows differ in width.
void survey_rows(std::string_view text, std::string_view origin, char separator, std::int64_t first_line,
                 Survey& result);

}  // namespace elbo::data
