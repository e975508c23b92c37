#include "reports/value_text.h"

#include <chrono>
#include <cmath>
#include <cstdio>

namespace elbo::command {
namespace {

constexpr double kFarthest = 1e6;  // days, some 2700 years either way, within chrono's calendar

}  // namespace

std::string date_text(double days, bool has_times) {
  constexpr double kSeconds = 86400.0;
  if (!(std::fabs(days) < kFarthest)) return short_number(days, 17);
  const double rounded = has_times ? std::round(days * kSeconds) / kSeconds : std::round(days);
  const double day = std::floor(rounded);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(static_cast<int>(day)))};
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (!has_times) return text;
  const long seconds = std::lround((rounded - day) * kSeconds);
  std::snprintf(text + 10, sizeof text - 10, "T%02ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60,
                seconds % 60);
  return text;
}

std::string value_text(const Column& column, double value) {
  if (std::isnan(value)) return "missing";
  const bool level = value >= 0.0 && value < static_cast<double>(column.levels.size());
  if (level) return column.levels[static_cast<std::size_t>(value)];
  return number_text(column, value + column.origin);
}

std::string number_text(const Column& column, double number) {
  if (column.kind == ColumnKind::date) return date_text(number, column.has_times);
  return short_number(number, column.origin == 0.0 ? 6 : 12);
}

std::string short_number(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

}  // namespace elbo::command
