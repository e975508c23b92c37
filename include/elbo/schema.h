#pragma once
// The columns of a table: what a model remembers of its data.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/choices.h"
#include "elbo/export.h"

namespace elbo {

/// What a column holds. Values of the first five kinds are modelled.
enum class ColumnKind {
  numeric,
  count,        ///< whole numbers from 0 on
  binary,       ///< 0 and 1, or two texts
  categorical,  ///< texts, or whole numbers that are classes
  date,         ///< dates, and times of day, as days since 1970-01-01 (less Column::origin)
  label,        ///< classes of the examples
  id,           ///< names or numbers of the examples
  ignored,
};

/// "numeric", "count", ….
ELBO_API std::string_view column_kind_name(ColumnKind kind) noexcept;
/// Reads one of those names. Throws ConfigError with the nearest name.
ELBO_API ColumnKind parse_column_kind(std::string_view text);
/// Whether a model has a value for each cell of such a column.
constexpr bool is_modelled(ColumnKind kind) noexcept {
  return kind < ColumnKind::label;
}

/// A column of the training data.
struct Column {
  std::string name;  ///< empty if the file has none
  ColumnKind kind = ColumnKind::numeric;
  /// The texts that values 0, 1, … stand for; empty: numbers are themselves.
  std::vector<std::string> levels;
  /// Values are the file's numbers less this whole number; not 0 where a 32-bit float would lose their
  /// differences.
  double origin = 0.0;
  bool has_times = false;  ///< dates have times of day
  /// From 1 on: the column is read beside the values (model.condition), as column condition − 1 of
  /// Examples::conditions, and is none of the values.
  std::int32_t condition = 0;

  friend bool operator==(const Column&, const Column&) = default;
};

/// Whether the column is one of the values: its kind is modelled, and the values are not conditioned on it.
constexpr bool is_modelled(const Column& column) noexcept {
  return is_modelled(column.kind) && column.condition == 0;
}

/// The columns of a table, in the order of its file; none for data that is no table.
struct Schema {
  std::vector<Column> columns;
  /// The decimal sign that its numbers were read with; automatic if none of them has a sign, and in model
  /// files of earlier versions.
  DecimalSign decimal = DecimalSign::automatic;

  bool empty() const noexcept { return columns.empty(); }
  friend bool operator==(const Schema&, const Schema&) = default;
};

/// The columns that have values, in their order.
ELBO_API std::vector<Column> modelled_columns(const Schema& schema);
/// The columns of Examples::conditions, in their order.
ELBO_API std::vector<Column> condition_columns(const Schema& schema);

}  // namespace elbo
