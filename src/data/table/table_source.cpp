#include "data/table/table_source.h"

#include <algorithm>

#include "base/check.h"
#include "data/table/csv_reader.h"

namespace elbo::data {
namespace {

bool is_plain(std::string_view cell, NumberStyle style) {
  return cell.find(',') == cell.npos && (style == kPoint || cell.find('.') == cell.npos);
}

SourceCell cell_of(std::string_view cell, NumberStyle style) {
  if (const auto number = parse_number(cell, style))
    return {is_plain(cell, style) ? std::string(cell) : std::string(), number};
  const bool begins_with_year = cell.size() > 4 && cell[4] == '-';
  return {begins_with_year ? std::string(cell) : std::string(), parse_date(cell)};
}

}  // namespace

TableSource::TableSource(std::string_view text, char separator, NumberStyle style, const TablePlan& plan)
    : text_(text), separator_(separator), style_(style) {
  for (const ValueColumn& value : plan.values) {
    fields_.push_back(value.field);
    are_levels_.push_back(!plan.schema.columns[value.column].levels.empty());
  }
}

void TableSource::add_row(std::int64_t line, std::size_t begin) {
  lines_.push_back(line);
  begins_.push_back(begin);
}

std::vector<SourceCell> TableSource::row(std::int64_t line) const {
  const auto found = std::ranges::lower_bound(lines_, line);
  ELBO_CHECK(found != lines_.end() && *found == line, ShapeError, "the table has no row in line ", line);
  const std::size_t begin = begins_[static_cast<std::size_t>(found - lines_.begin())];
  CsvReader reader(std::string_view(text_).substr(begin), "the table", separator_);
  std::vector<std::string_view> fields;
  reader.next(fields);
  std::vector<SourceCell> cells(fields_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string_view cell = fields[fields_[i]];
    if (is_missing(cell)) continue;
    cells[i] = are_levels_[i] ? SourceCell{std::string(cell), {}} : cell_of(cell, style_);
  }
  return cells;
}

}  // namespace elbo::data
