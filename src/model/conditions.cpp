#include "model/conditions.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/nearest.h"
#include "base/text.h"
#include "data/check.h"
#include "data/table/cell.h"
#include "model/host_tables.h"
#include "model/table_batches.h"
#include "recipe/conditions.h"

namespace elbo {
namespace {

/// The levels of each condition, 0 for a number.
std::vector<std::int32_t> levels_of(const ModelState& state) {
  const ModelConfig& config = state.vae->config();
  if (config.condition_classes > 0) return {config.condition_classes};
  return config.condition_levels;
}

void to_network_scale(const data::Standardization& statistics, Table& table) {
  if (statistics.condition_mean.empty()) return;
  const auto cols = static_cast<std::size_t>(table.cols);
  for (std::size_t i = 0; i < table.values.size(); ++i) {
    const double centred = static_cast<double>(table.values[i]) - statistics.condition_mean[i % cols];
    table.values[i] = static_cast<float>(centred / statistics.condition_deviation[i % cols]);
  }
}

/// Throws unless the model knows every condition of given rows.
void check_given(const ModelState& state, std::int64_t rows, const Table& given, std::int64_t first) {
  const std::vector<std::string>& names = state.recipe.model.condition;
  const std::vector<std::int32_t> levels = levels_of(state);
  check_table(given);
  if (names.empty() && given.cols > 0)
    throw ConfigError("conditions were given to a model that reads none (model.condition is empty)");
  ELBO_CHECK(given.rows == rows && given.cols == std::ssize(names), ShapeError, "conditions of ", given.rows,
             " x ", given.cols, " were given for ", rows, " rows, each of which needs ", names.size(),
             " (model.condition)");
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < names.size(); ++j) {
      const float value = given.row(i)[j];
      const auto count = static_cast<float>(levels[j]);
      const bool level = value >= 0.0f && value < count && value == std::floor(value);
      if (levels[j] == 0 ? std::isfinite(value) : level) continue;
      if (std::isnan(value))
        throw DataError(
            concat("row ", first + i, " has no ", data::shown(names[j]), ", which model.condition reads"));
      throw DataError(concat(
          "row ", first + i, " has ", value, " for ", data::shown(names[j]),
          levels[j] == 0 ? ", which is infinite" : concat(", but the model knows 0 to ", levels[j] - 1)));
    }
  }
}

/// A condition that no schema describes.
Column plain_column(const std::string& name, std::int32_t levels) {
  Column column;
  column.name = name;
  if (levels > 0) column.kind = ColumnKind::categorical;
  for (std::int32_t level = 0; level < levels; ++level) column.levels.push_back(std::to_string(level));
  return column;
}

std::vector<ConditionColumn> describe(const ModelState& state) {
  const ModelSettings& settings = state.recipe.model;
  const std::vector<Column> read = condition_columns(state.schema);
  const std::vector<std::int32_t> levels = levels_of(state);
  std::vector<ConditionColumn> conditions;
  std::size_t column = 0;
  for (std::size_t i = 0; i < settings.condition.size(); ++i) {
    ConditionColumn condition;
    if (settings.condition[i] == kLabelCondition) {
      condition.column.name = kLabelCondition;
      condition.column.kind = ColumnKind::label;
      condition.column.levels = settings.condition_classes;
    } else {
      condition.column = column < read.size() ? read[column] : plain_column(settings.condition[i], levels[i]);
      ++column;
    }
    if (!state.condition_mean.empty()) {
      condition.mean = state.condition_mean[i];
      condition.deviation = state.condition_deviation[i];
    }
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

float level_called(const Column& column, std::string_view text) {
  auto found = std::ranges::find(column.levels, text);
  if (found == column.levels.end()) {  // 1 may be written 1.0
    if (const auto number = data::parse_number(std::string(text), data::kPoint))
      found = std::ranges::find(column.levels, concat(*number));
  }
  if (found != column.levels.end()) return static_cast<float>(found - column.levels.begin());
  throw ConfigError(concat("the model knows no ", data::escaped(column.name), " called ", data::shown(text),
                           "; ", nearest_hint(text, column.levels)));
}

}  // namespace

void check_example_conditions(const ModelState& state, const Examples& examples, std::string_view source) {
  const ModelSettings& settings = state.recipe.model;
  if (settings.condition.empty()) return;
  if (reads_label(settings)) {
    data::check_labels(examples, std::ssize(settings.condition_classes), source,
                       state.vae->config().infers_label);
  }
  if (reads_label_alone(settings)) return;
  std::vector<std::int32_t> levels;
  const std::vector<std::int32_t> all = levels_of(state);
  for (std::size_t i = 0; i < settings.condition.size(); ++i) {
    if (settings.condition[i] != kLabelCondition) levels.push_back(all[i]);
  }
  data::check_conditions(examples, columns_read(settings), levels, source);
}

Table own_conditions(const ModelState& state, const Examples& examples) {
  const std::vector<std::string>& names = state.recipe.model.condition;
  Table table = make_table(examples.count, std::ssize(names));
  for (std::int64_t i = 0; i < examples.count; ++i) {
    float* const row = table.values.data() + i * table.cols;
    std::size_t column = 0;
    for (std::size_t j = 0; j < names.size(); ++j) {
      row[j] = names[j] == kLabelCondition ? static_cast<float>(examples.labels[static_cast<std::size_t>(i)])
                                           : examples.conditions.row(i)[column++];
    }
  }
  return table;
}

void set_own_conditions(const ModelState& state, const Table& conditions, Examples& examples) {
  const std::vector<std::string>& names = state.recipe.model.condition;
  examples.labels.clear();
  examples.conditions = {conditions.rows, std::ssize(columns_read(state.recipe.model)), {}};
  for (std::int64_t i = 0; i < conditions.rows; ++i) {
    for (std::size_t j = 0; j < names.size(); ++j) {
      const float value = conditions.row(i)[j];
      if (names[j] == kLabelCondition)
        examples.labels.push_back(static_cast<std::int32_t>(value));
      else
        examples.conditions.values.push_back(value);
    }
  }
}

Table network_conditions(const ModelState& state, const data::Standardization& statistics,
                         const Examples& examples) {
  Table table = own_conditions(state, examples);
  to_network_scale(statistics, table);
  return table;
}

Table network_conditions(const ModelState& state, std::int64_t rows, std::span<const std::int32_t> labels,
                         std::int64_t first) {
  check_row_labels(*state.vae, rows, labels, first);
  return {std::ssize(labels), labels.empty() ? 0 : 1, {labels.begin(), labels.end()}};
}

Table network_conditions(const ModelState& state, std::int64_t rows, const Table& conditions,
                         std::int64_t first) {
  check_given(state, rows, conditions, first);
  Table table = conditions;
  to_network_scale(state.standardization(), table);
  return table;
}

data::ResidentData resident_data(const ModelState& state, const data::Standardization& statistics,
                                 const Examples& examples) {
  data::ResidentData resident(*state.context, examples);
  if (!state.vae->config().condition_levels.empty())
    resident.set_conditions(*state.context, network_conditions(state, statistics, examples));
  return resident;
}

void add_condition_statistics(const ModelState& state, const Examples& train,
                              data::Standardization& statistics) {
  const std::vector<std::int32_t>& levels = state.vae->config().condition_levels;
  if (levels.empty()) return;
  const data::Standardization found = data::standardization(own_conditions(state, train));
  statistics.condition_mean = found.mean;
  statistics.condition_deviation = found.deviation;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] == 0) continue;
    statistics.condition_mean[i] = 0.0f;
    statistics.condition_deviation[i] = 1.0f;
  }
}

std::string condition_mismatch(const ModelSettings& settings, const Schema& schema) {
  if (schema.empty()) return {};
  const std::vector<std::int32_t> levels = levels_read(settings);
  const std::vector<Column> read = condition_columns(schema);
  std::size_t next = 0;
  for (std::size_t i = 0; i < settings.condition.size(); ++i) {
    const std::string& name = settings.condition[i];
    if (name == kLabelCondition) continue;
    const bool there = next < read.size() && read[next].name == name &&
                       read[next].condition == static_cast<std::int32_t>(next) + 1;
    if (!there) return concat("its columns do not have ", data::shown(name), " as model.condition does");
    if (std::ssize(read[next].levels) != levels[i])
      return concat("its column ", data::shown(name), " has ", read[next].levels.size(),
                    " levels, and model.condition_kinds ", levels[i]);
    ++next;
  }
  if (next == read.size()) return {};
  return concat("its column ", data::shown(read[next].name), " is a condition, and not in model.condition");
}

std::vector<ConditionColumn> Model::conditions() const {
  return describe(*state_);
}

Table Model::conditions_of(const Examples& examples) const {
  if (examples.empty()) return make_table(0, std::ssize(recipe().model.condition));
  if (recipe().model.condition.empty()) return make_table(examples.count, 0);
  check_example_conditions(*state_, examples, "the examples");
  if (state_->vae->config().infers_label)  // may miss there
    data::check_labels(examples, state_->vae->config().condition_classes, "the examples", false);
  return own_conditions(*state_, examples);
}

float Model::condition_value(std::string_view name, std::string_view text) const {
  std::vector<std::string> known;
  for (const ConditionColumn& condition : describe(*state_)) {
    const Column& column = condition.column;
    known.push_back(column.name);
    if (column.name != name) continue;
    if (!column.levels.empty()) return level_called(column, text);
    auto number = data::parse_number(std::string(text), data::kPoint);
    if (!number && column.kind == ColumnKind::date) number = data::parse_date(std::string(text));
    const auto value = static_cast<float>(number.value_or(INFINITY) - column.origin);
    if (std::isfinite(value)) return value;
    throw ConfigError(concat(data::shown(name), " takes a ",
                             column.kind == ColumnKind::date ? "date" : "number", ", which ",
                             data::shown(text), " is not"));
  }
  if (known.empty())
    throw ConfigError(
        concat("this model reads no ", data::shown(name), ": it is not conditional (model.condition)"));
  throw ConfigError(
      concat("the model reads no ", data::shown(name), " (model.condition); ", nearest_hint(name, known)));
}

}  // namespace elbo
