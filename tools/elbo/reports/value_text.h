#pragma once
// Values of a table's columns, as their owner writes them.

#include <string>

#include "elbo/schema.h"

namespace elbo::command {

/// Days since 1970-01-01 as a date, 2024-01-31, with the time of day if the column has them.
std::string date_text(double days, bool has_times);

/// A value of a row as text: "basic" for a level, 2024-01-31 for a date, else a number; "missing" for NaN.
std::string value_text(const Column& column, double value);
/// A number as the column's file has it, its origin included, as text.
std::string number_text(const Column& column, double number);

/// A number with so many digits, as short as it can be.
std::string short_number(double value, int digits = 6);

}  // namespace elbo::command
