#pragma once
// Values of a table's columns, as their owner writes them.

#include <string>
#include <vector>

#include "elbo/schema.h"

namespace elbo::command {

/// The columns that values 0, 1, … of a row are of.
std::vector<Column> value_columns(const Schema& schema);

/// "basic" for a level, 2024-01-31 for a date, else a number with six digits; "missing" for NaN.
std::string value_text(const Column& column, double value);

/// A number with so many digits, as short as it can be.
std::string short_number(double value, int digits = 6);

}  // namespace elbo::command
