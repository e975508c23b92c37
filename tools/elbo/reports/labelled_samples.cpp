#include "reports/labelled_samples.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "reports/report.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kMaxTurns = std::int64_t{1} << 40;

bool takes_turns(const ConditionColumn& condition, const GivenConditions& given, std::size_t j) {
  return !condition.column.levels.empty() && (given.empty() || !given[j]);
}

/// The combinations of levels that are not given; 1 if there are none.
std::int64_t turns_of(const std::vector<ConditionColumn>& conditions, const GivenConditions& given) {
  std::int64_t turns = 1;
  for (std::size_t j = 0; j < conditions.size(); ++j) {
    if (takes_turns(conditions[j], given, j))
      turns = std::min(turns * std::ssize(conditions[j].column.levels), kMaxTurns);
  }
  return turns;
}

bool any_takes_turns(const std::vector<ConditionColumn>& conditions, const GivenConditions& given) {
  for (std::size_t j = 0; j < conditions.size(); ++j)
    if (takes_turns(conditions[j], given, j)) return true;
  return false;
}

/// The mean of a number, whole if its column's numbers are.
float usual_number(const ConditionColumn& condition) {
  const ColumnKind kind = condition.column.kind;
  const bool whole = kind == ColumnKind::count || (kind == ColumnKind::date && !condition.column.has_times);
  return static_cast<float>(whole ? std::round(condition.mean) : condition.mean);
}

/// The conditions of one turn; the last one's levels follow each other.
std::vector<float> conditions_of_turn(const std::vector<ConditionColumn>& conditions,
                                      const GivenConditions& given, std::int64_t turn) {
  std::vector<float> row(conditions.size());
  for (std::size_t j = conditions.size(); j-- > 0;) {
    if (!given.empty() && given[j]) {
      row[j] = *given[j];
    } else if (const auto levels = std::ssize(conditions[j].column.levels); levels > 0) {
      row[j] = static_cast<float>(turn % levels);
      turn /= levels;
    } else {
      row[j] = usual_number(conditions[j]);
    }
  }
  return row;
}

Table repeated(const std::vector<float>& row, std::int64_t count) {
  Table table{count, std::ssize(row), {}};
  for (std::int64_t i = 0; i < count; ++i) table.values.insert(table.values.end(), row.begin(), row.end());
  return table;
}

Table zeros(std::int64_t rows, std::int64_t cols) {
  return {rows, cols, std::vector<float>(static_cast<std::size_t>(rows * cols))};
}

std::string named(const ConditionColumn& condition, float value) {
  return concat(data::escaped(condition.column.name), ' ', data::escaped(cell_text(condition.column, value)));
}

}  // namespace

bool is_conditional(const Model& model) {
  return !model.recipe().model.condition.empty();
}

bool reads_label_alone(const Model& model) {
  return model.recipe().model.condition == std::vector<std::string>{"label"};
}

const std::vector<std::string>& classes_of(const Model& model) {
  return model.recipe().model.condition_classes;
}

LabelledCodes codes_of_all_labels(const Model& model, std::uint64_t seed, std::int64_t first,
                                  std::int64_t count, const GivenConditions& given) {
  if (!is_conditional(model)) return {model.prior_codes(count, seed, first), {}};
  const std::vector<ConditionColumn> conditions = model.conditions();
  const std::int64_t turns = turns_of(conditions, given), occurring = std::min(turns, count);
  LabelledCodes made{zeros(count, model.latent()), zeros(count, std::ssize(conditions))};
  // A prior may differ between conditions, so that codes are drawn turn by turn.
  for (std::int64_t begin = 0; begin < occurring; ++begin) {
    const std::int64_t row = first + begin, styles = (count - begin + turns - 1) / turns;
    const std::vector<float> turn = conditions_of_turn(conditions, given, row % turns);
    const Table codes = model.prior_codes(styles, seed, row / turns, repeated(turn, styles));
    for (std::int64_t style = 0; style < styles; ++style) {
      const std::int64_t to = begin + style * turns;
      std::ranges::copy(codes.row(style), made.codes.values.begin() + to * codes.cols);
      std::ranges::copy(turn, made.conditions.values.begin() + to * std::ssize(turn));
    }
  }
  return made;
}

Table decoded(const Model& model, const LabelledCodes& from) {
  return is_conditional(model) ? model.decode(from.codes, from.conditions) : model.decode(from.codes);
}

Table same_conditions(const Model& model, std::int64_t count, const GivenConditions& given) {
  return repeated(conditions_of_turn(model.conditions(), given, 0), count);
}

std::int64_t columns_of_labels(const Model& model, const GivenConditions& given) {
  constexpr std::int64_t kMaxColumns = 32;
  const std::vector<ConditionColumn> conditions = model.conditions();
  const std::int64_t turns = turns_of(conditions, given);
  return any_takes_turns(conditions, given) && turns <= kMaxColumns ? turns : 0;
}

std::int64_t shown_samples(const Model& model, const GivenConditions& given) {
  constexpr std::int64_t kOfEachLabel = 12, kSamples = 144;
  const std::int64_t columns = columns_of_labels(model, given);
  return columns > 0 ? kOfEachLabel * columns : kSamples;
}

std::string same_told(const Model& model, const GivenConditions& given) {
  if (!is_conditional(model)) return "";
  const std::vector<ConditionColumn> conditions = model.conditions();
  const std::vector<float> row = conditions_of_turn(conditions, given, 0);
  if (reads_label_alone(model))
    return concat("the label ", conditions[0].column.levels[static_cast<std::size_t>(row[0])]);
  std::string told;
  for (std::size_t j = 0; j < conditions.size(); ++j)
    told += concat(told.empty() ? "" : ", ", named(conditions[j], row[j]));
  return told;
}

std::string conditions_told(const Model& model, const GivenConditions& given) {
  if (!is_conditional(model)) return "";
  const std::vector<ConditionColumn> conditions = model.conditions();
  std::string fixed, turns;
  for (std::size_t j = 0; j < conditions.size(); ++j) {
    if (takes_turns(conditions[j], given, j)) {
      std::string names;
      for (const std::string& name : conditions[j].column.levels) names += (names.empty() ? "" : ", ") + name;
      const std::size_t count = conditions[j].column.levels.size();
      turns += reads_label_alone(model)
                   ? concat(",\neach code with the ", count, " labels in turn: ", shortened(names, 60))
                   : concat(turns.empty() ? ",\neach code with every " : ", every ",
                            data::escaped(conditions[j].column.name),
                            " in turn: ", shortened(data::escaped(names), 60));
    } else if (reads_label_alone(model)) {
      fixed = concat(", with ", same_told(model, given));
    } else {
      const bool asked = !given.empty() && given[j];
      fixed += concat(fixed.empty() ? ", given " : ", ",
                      named(conditions[j], asked ? *given[j] : usual_number(conditions[j])),
                      asked ? "" : " (the training mean)");
    }
  }
  return fixed + turns;
}

std::vector<std::string> condition_names(const Model& model) {
  std::vector<std::string> names;
  for (const ConditionColumn& condition : model.conditions()) names.push_back(condition.column.name);
  return names;
}

std::vector<std::vector<std::string>> condition_texts(const Model& model, const Table& conditions) {
  const std::vector<ConditionColumn> columns = model.conditions();
  std::vector<std::vector<std::string>> texts;
  for (std::int64_t i = 0; i < conditions.rows; ++i) {
    std::vector<std::string>& row = texts.emplace_back();
    for (std::size_t j = 0; j < columns.size(); ++j)
      row.push_back(cell_text(columns[j].column, conditions.row(i)[j]));
  }
  return texts;
}

}  // namespace elbo::command
