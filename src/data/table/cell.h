#pragma once
// Cells of text tables, read as numbers, dates and truth values.

#include <optional>
#include <string_view>

namespace elbo::data {

/// How a file writes numbers.
struct NumberStyle {
  char decimal = '.';
  char thousands = ',';  ///< only between groups of three digits

  friend bool operator==(const NumberStyle&, const NumberStyle&) = default;
};
inline constexpr NumberStyle kPoint = {'.', ','};
inline constexpr NumberStyle kComma = {',', '.'};

/// Whether a cell says that there is no value: empty, NA, N/A, #N/A, NaN, null, none, nil, ?, - or a dot; in
/// any case.
bool is_missing(std::string_view cell);

/// The number that a whole cell is, with an optional sign; infinite if it is beyond a double's range. Nothing
/// for text, NaN and missing cells.
std::optional<double> parse_number(std::string_view cell, NumberStyle style);

/// Days since 1970-01-01 of 2024-01-31, 2024/01/31 or 31.01.2024, with a fraction if a time of day follows
/// ("T12:30", " 12:30:15.5Z"). Nothing for anything else, and for days that no calendar has.
std::optional<double> parse_date(std::string_view cell);

/// true, yes, t, y: true; false, no, f, n: false; in any case. Nothing for anything else.
std::optional<bool> parse_truth(std::string_view cell);

}  // namespace elbo::data
