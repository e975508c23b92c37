#include "data/table/cell.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>

namespace elbo::data {
namespace {

constexpr std::size_t kLongestWord = 5;      // the words below are no longer
constexpr std::size_t kLongestNumber = 512;  // a longer cell is no number with separators

template <std::size_t kCount>
bool is_one_of(std::string_view cell, const std::array<std::string_view, kCount>& words) {
  if (cell.size() > kLongestWord) return false;
  const auto same = [](char c, char letter) { return (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) == letter; };
  return std::ranges::any_of(words,
                             [&](std::string_view word) { return std::ranges::equal(cell, word, same); });
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool may_begin_number(char c) {
  return is_digit(c) || c == '.' || c == ',' || c == 'i' || c == 'I';
}

/// The number of short digits with or without a decimal sign, as most are; nothing for any other text, be it
/// a number or not. Both numbers of the quotient are exact, so that it is rounded as from_chars rounds
/// (Clinger 1990).
std::optional<double> parse_short(std::string_view digits, char decimal) {
  constexpr std::size_t kExactDigits = 15;
  static constexpr double kTens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (digits.size() > kExactDigits) return std::nullopt;
  std::int64_t value = 0;
  std::size_t sign = digits.size();  // where the decimal sign is
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (is_digit(digits[i])) {
      value = 10 * value + (digits[i] - '0');
    } else if (digits[i] == decimal && sign == digits.size()) {
      sign = i;
    } else {
      return std::nullopt;
    }
  }
  const bool whole = sign == digits.size();
  if (digits.size() == (whole ? 0 : 1)) return std::nullopt;
  return static_cast<double>(value) / kTens[whole ? 0 : digits.size() - sign - 1];
}

/// The value of a number outside a double's range: 0 if it is too small, else infinity.
double beyond_range(std::string_view digits) {
  const auto exponent = digits.find_first_of("eE");
  const bool fraction = digits.starts_with("0.") || digits.starts_with('.');
  const bool small = exponent == digits.npos ? fraction : digits.substr(exponent + 1).starts_with('-');
  return small ? 0.0 : std::numeric_limits<double>::infinity();
}

/// A number without sign, as from_chars reads it.
std::optional<double> parse_plain(std::string_view digits) {
  if (digits.empty() || (!is_digit(digits[0]) && digits[0] != '.')) {
    return digits == "inf" || digits == "Inf" || digits == "infinity"
               ? std::optional(std::numeric_limits<double>::infinity())
               : std::nullopt;
  }
  double value = 0.0;
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, value);
  if (end != last) return std::nullopt;
  if (error == std::errc()) return value;
  if (error == std::errc::result_out_of_range) return beyond_range(digits);
  return std::nullopt;
}

/// Whether the digits before the decimal sign are groups of three, the first of one to three.
bool is_grouped(std::string_view whole, char separator) {
  if (whole.starts_with('0')) return false;  // 0,123 is no thousand
  std::size_t group = 0;
  bool first = true;
  for (const char c : whole) {
    if (c == separator) {
      if (first ? group == 0 || group > 3 : group != 3) return false;
      first = false;
      group = 0;
    } else if (is_digit(c)) {
      ++group;
    } else {
      return false;
    }
  }
  return !first && group == 3;
}

/// The number with a point and without separators; nothing if it is not written in this style.
std::optional<std::string> without_style(std::string_view digits, NumberStyle style) {
  if (digits.size() > kLongestNumber) return std::nullopt;
  const std::size_t decimal = std::min(digits.find(style.decimal), digits.size());
  std::string plain;
  if (digits.substr(0, decimal).find(style.thousands) != digits.npos) {
    if (!is_grouped(digits.substr(0, decimal), style.thousands)) return std::nullopt;
    std::ranges::copy_if(digits.substr(0, decimal), std::back_inserter(plain), is_digit);
  } else {
    plain = digits.substr(0, decimal);
  }
  if (decimal < digits.size()) {
    const std::string_view rest = digits.substr(decimal + 1);
    if (rest.find_first_of(".,") != rest.npos) return std::nullopt;
    plain.append(1, '.').append(rest);
  }
  return plain;
}

/// `count` digits at the beginning of the text, which loses them.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count ||
      !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(count), is_digit))
    return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + count, value);
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

/// The date at the beginning of the text, which loses it.
std::optional<double> take_day(std::string_view& text) {
  std::optional<int> year, month, day;
  if (text.size() > 2 && text[2] == '.') {
    day = take_digits(text, 2);
    if (!day || !take(text, '.') || !(month = take_digits(text, 2)) || !take(text, '.')) return std::nullopt;
    year = take_digits(text, 4);
  } else {
    year = take_digits(text, 4);
    if (!year || text.empty() || (text[0] != '-' && text[0] != '/')) return std::nullopt;
    const char separator = text[0];
    if (!take(text, separator) || !(month = take_digits(text, 2)) || !take(text, separator))
      return std::nullopt;
    day = take_digits(text, 2);
  }
  if (!year || !day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
}

/// The fraction of a day of "12:30", "12:30:15" or "12:30:15.25", with an optional Z.
std::optional<double> parse_time(std::string_view text) {
  if (text.ends_with('Z')) text.remove_suffix(1);
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 24 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  double second = 0.0;
  if (take(text, ':')) {
    const auto parsed = parse_plain(text);
    if (!parsed || *parsed >= 61.0) return std::nullopt;
    second = *parsed;
  } else if (!text.empty()) {
    return std::nullopt;
  }
  return (*hour * 3600 + *minute * 60 + second) / 86400.0;
}

}  // namespace

bool is_missing(std::string_view cell) {
  static constexpr std::array<std::string_view, 11> kWords = {"",     "na",   "n/a", "#n/a", "#na", "nan",
                                                              "null", "none", "nil", "?",    "-"};
  if (!cell.empty() && is_digit(cell[0])) return false;
  return is_one_of(cell, kWords) || cell == ".";
}

std::optional<double> parse_number(std::string_view cell, NumberStyle style) {
  bool negative = false;
  if (!cell.empty() && (cell[0] == '+' || cell[0] == '-')) {
    negative = cell[0] == '-';
    cell.remove_prefix(1);
  }
  if (cell.empty() || !may_begin_number(cell[0])) return std::nullopt;
  std::optional<double> value = parse_short(cell, style.decimal);
  if (value) {
    return negative ? -*value : *value;
  } else if (style == kPoint && cell.find(',') == cell.npos) {
    value = parse_plain(cell);
  } else if (const auto plain = without_style(cell, style)) {
    value = parse_plain(*plain);
  }
  if (value && negative) value = -*value;
  return value;
}

std::optional<double> parse_date(std::string_view cell) {
  if (cell.empty() || !is_digit(cell[0])) return std::nullopt;
  const auto day = take_day(cell);
  if (!day || cell.empty()) return day;
  if (!take(cell, 'T') && !take(cell, ' ')) return std::nullopt;
  const auto time = parse_time(cell);
  return time ? std::optional(*day + *time) : std::nullopt;
}

std::optional<bool> parse_truth(std::string_view cell) {
  static constexpr std::array<std::string_view, 4> kTrue = {"true", "yes", "t", "y"};
  static constexpr std::array<std::string_view, 4> kFalse = {"false", "no", "f", "n"};
  if (is_one_of(cell, kTrue)) return true;
  if (is_one_of(cell, kFalse)) return false;
  return std::nullopt;
}

}  // namespace elbo::data
