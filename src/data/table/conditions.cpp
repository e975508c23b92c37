// take_conditions: columns that are read beside the values.

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "data/table/names.h"
#include "data/table/plan.h"

namespace elbo::data {
namespace {

/// Whether a column is one-hot: classes and two values are, amounts and dates are numbers.
bool has_levels(const Column& column) {
  return column.kind == ColumnKind::categorical || column.kind == ColumnKind::binary;
}

/// The numbers 0, 1, … that stand for classes, as texts.
std::vector<std::string> number_levels(const ColumnFacts& facts) {
  std::vector<std::string> levels;
  for (std::int64_t level = 0; level <= static_cast<std::int64_t>(facts.max); ++level)
    levels.push_back(std::to_string(level));
  return levels;
}

}  // namespace

void take_conditions(const Survey& survey, std::string_view origin, const std::vector<std::string>& names,
                     TablePlan& plan) {
  for (const std::string& name : names) {
    const auto field =
        static_cast<std::size_t>(std::ranges::find(survey.header, name) - survey.header.begin());
    Column& column = plan.schema.columns[field];
    if (column.kind == ColumnKind::ignored) {
      throw DataError(concat(origin, ": model.condition cannot read ", name_of(survey, field), ": ",
                             plan.readings[field].why, "."));
    }
    if (has_levels(column) && column.levels.empty()) column.levels = number_levels(survey.columns[field]);
    plan.conditions.push_back({field, field});
    column.condition = static_cast<std::int32_t>(plan.conditions.size());
    std::erase_if(plan.values, [&](const ValueColumn& value) { return value.field == field; });
  }
}

}  // namespace elbo::data
