#include "elbo/schema.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/nearest.h"

namespace elbo {
namespace {

constexpr std::array<std::string_view, 8> kNames = {"numeric", "count", "binary", "categorical",
                                                    "date",    "label", "id",     "ignored"};

}  // namespace

std::string_view column_kind_name(ColumnKind kind) noexcept {
  return kNames[static_cast<std::size_t>(kind)];
}

ColumnKind parse_column_kind(std::string_view text) {
  const auto found = std::ranges::find(kNames, text);
  if (found != kNames.end()) return static_cast<ColumnKind>(found - kNames.begin());
  throw ConfigError(
      concat("\"", text, "\" is no kind of column; ", nearest_hint(text, {kNames.begin(), kNames.end()})));
}

std::vector<Column> modelled_columns(const Schema& schema) {
  std::vector<Column> columns;
  for (const Column& column : schema.columns) {
    if (is_modelled(column)) columns.push_back(column);
  }
  return columns;
}

std::vector<Column> condition_columns(const Schema& schema) {
  std::vector<Column> columns;
  for (const Column& column : schema.columns) {
    if (column.condition > 0) columns.push_back(column);
  }
  std::ranges::sort(columns, {}, &Column::condition);
  return columns;
}

}  // namespace elbo
