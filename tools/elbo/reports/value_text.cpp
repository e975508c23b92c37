#include "reports/value_text.h"

#include <chrono>
#include <cmath>
#include <cstdio>

namespace elbo::command {
namespace {

std::string date_text(double days) {
  const auto whole = std::chrono::days(static_cast<int>(std::floor(days)));
  const std::chrono::year_month_day date{std::chrono::sys_days(whole)};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace

std::vector<Column> value_columns(const Schema& schema) {
  std::vector<Column> columns;
  for (const Column& column : schema.columns) {
    if (is_modelled(column.kind)) columns.push_back(column);
  }
  return columns;
}

std::string value_text(const Column& column, double value) {
  constexpr double kDays = 1e6;  // some 2700 years either way, within chrono's calendar
  if (std::isnan(value)) return "missing";
  const bool level = value >= 0.0 && value < static_cast<double>(column.levels.size());
  if (level) return column.levels[static_cast<std::size_t>(value)];
  if (column.kind == ColumnKind::date && std::fabs(value) < kDays) return date_text(value);
  return short_number(value);
}

std::string short_number(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

}  // namespace elbo::command
