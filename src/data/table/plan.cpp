#include "data/table/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "base/check.h"
#include "base/nearest.h"
#include "base/text.h"
#include "data/sources/array.h"
#include "data/table/names.h"

namespace elbo::data {
namespace {

constexpr std::array<std::string_view, 3> kLabelNames = {"label", "class", "target"};

/// The column that model.condition calls so. Numbers are no names.
std::size_t find_condition(const Survey& survey, const std::string& name) {
  const auto found = std::ranges::find(survey.header, name);
  if (found != survey.header.end()) return static_cast<std::size_t>(found - survey.header.begin());
  throw ConfigError(
      concat("model.condition: there is no column ", shown(name), "; ",
             survey.header.empty() ? "the file has no names of columns" : nearest_hint(name, survey.header)));
}

/// What the options say of a file's columns.
struct Wishes {
  Wishes(const Survey& survey, const TableOptions& options)
      : kinds(survey.width), used(survey.width, true), by(survey.width) {
    if (!options.columns.empty()) {
      used.assign(survey.width, false);
      by.assign(survey.width, "not in data.columns");
    }
    for (const auto& name : options.columns) use(find_column(survey, name, "data.columns"), true, "");
    for (const auto& name : options.drop) use(find_column(survey, name, "data.drop"), false, "data.drop");
    for (const auto& text : options.kinds) {
      const std::size_t equals = text.rfind('=');
      if (equals == std::string::npos)
        throw ConfigError(concat("data.kinds: ", shown(text), " is not NAME=KIND, as in \"age=count\""));
      const std::size_t field = find_column(survey, text.substr(0, equals), "data.kinds");
      kinds[field] = parse_column_kind(text.substr(equals + 1));
      if (used[field]) by[field] = "data.kinds";
    }
    const auto role = [&](const std::string& name, ColumnKind kind, std::string_view setting) {
      if (name.empty() || name == "none") return;
      const std::size_t field = find_column(survey, name, setting);
      if (kinds[field] && *kinds[field] != kind) {
        throw ConfigError(concat(setting, ": ", name_of(survey, field), " is ",
                                 column_kind_name(*kinds[field]), " by another setting."));
      }
      kinds[field] = kind;
      use(field, true, setting);
    };
    role(options.label, ColumnKind::label, "data.label");
    role(options.id, ColumnKind::id, "data.id");
    for (const std::string& name : options.conditions) condition(survey, find_condition(survey, name));
    infers_label = options.label.empty() && std::ranges::find(kinds, ColumnKind::label) == kinds.end();
    infers_id = options.id.empty() && std::ranges::find(kinds, ColumnKind::id) == kinds.end();
  }

  /// Conditions are used, and neither labels nor ids by their names.
  void condition(const Survey& survey, std::size_t field) {
    if (!used[field] && by[field] == "data.drop")
      throw ConfigError(concat("data.drop: ", name_of(survey, field), " is read by model.condition."));
    if (kinds[field] && !is_modelled(*kinds[field])) {
      const bool label = *kinds[field] == ColumnKind::label;
      throw ConfigError(concat("model.condition: ", name_of(survey, field), " is ",
                               label ? "the label, which it calls \"label\"."
                                     : concat(column_kind_name(*kinds[field]), " by another setting.")));
    }
    conditions.insert(field);
    if (!used[field]) use(field, true, "model.condition");
  }

  void use(std::size_t field, bool use_it, std::string_view setting) {
    used[field] = use_it;
    by[field] = setting;
  }

  std::vector<std::optional<ColumnKind>> kinds;
  std::vector<bool> used;
  std::set<std::size_t> conditions;
  std::vector<std::string_view> by;  // what decides about the column; empty: its name and cells
  bool infers_label, infers_id;
};

std::vector<std::string> sorted_texts(const ColumnFacts& facts) {
  std::vector<std::string> texts(facts.number_texts.begin(), facts.number_texts.end());
  for (const auto& [text, count] : facts.texts) texts.push_back(text);
  std::ranges::sort(texts);
  return texts;
}

bool all_numbers(const ColumnFacts& facts) {
  return facts.numbers == facts.present;
}

bool is_id(const ColumnFacts& facts, std::string_view name) {
  if (facts.missing > 0) return false;
  const bool unnamed = name.empty() || name.starts_with("Unnamed: ");
  if (unnamed && facts.counts_rows && facts.numbers > 1) return true;
  return is_id_name(name) && facts.distinct && facts.present > 1 && facts.whole;
}

[[noreturn]] void fail_cell(const Survey& survey, std::string_view origin, std::size_t field) {
  const Example& bad = survey.columns[field].not_a_number;
  const std::string name = survey.header.empty() ? "" : concat(" (", shown(survey.header[field]), ")");
  const bool first = survey.header.empty() && survey.rows > 1 && bad.line == 1;
  throw DataError(
      concat(origin, ":", bad.line, ": ", shown(bad.text), " in column ", field + 1, name, " is not a number",
             first ? ".\nA first line that holds a number is data: data.header = \"true\" makes it names."
                   : concat(".\nIs the column text, set data.kinds = [\"",
                            survey.header.empty() ? std::to_string(field + 1) : escaped(survey.header[field]),
                            "=categorical\"]; leave it out with data.drop.")));
}

/// Counts begin near 0: whole numbers such as years and incomes are amounts.
bool could_count(const ColumnFacts& facts) {
  constexpr double kMax = 16777216.0;  // the largest that a float, and a likelihood of counts, takes
  return facts.whole && facts.min >= 0.0 && facts.max <= kMax &&
         (facts.min <= 1.0 || 20.0 * facts.min <= facts.max);
}

ColumnKind kind_of_numbers(const ColumnFacts& facts) {
  if (!could_count(facts)) return ColumnKind::numeric;
  return facts.max <= 1.0 && facts.max > facts.min ? ColumnKind::binary : ColumnKind::count;
}

/// A number near the values where a float has too few digits for their differences, else 0.
double origin_of(const ColumnFacts& facts) {
  constexpr double kSteps = 1e4, kFloat = 0x1p-23, kFarthest = 1e15;
  const double largest = std::max(std::abs(facts.min), std::abs(facts.max));
  const double spread = facts.max - facts.min;
  const bool loses = spread > 0.0 && spread < kSteps * kFloat * largest && largest < kFarthest;
  return loses ? std::floor(facts.min) : 0.0;
}

/// The kind of a column by its cells alone.
ColumnKind kind_of_cells(const Survey& survey, std::string_view origin, std::size_t field) {
  const ColumnFacts& facts = survey.columns[field];
  if (facts.present == 0) return ColumnKind::ignored;
  if (all_numbers(facts)) return kind_of_numbers(facts);
  if (facts.dates == facts.present) return ColumnKind::date;
  if (2 * facts.numbers >= facts.present) fail_cell(survey, origin, field);  // some cells of it are wrong
  if (facts.numbers == 0 && facts.texts.size() == 2 && !facts.many_texts) return ColumnKind::binary;
  const bool all_differ = facts.many_texts || facts.many_numbers || (facts.distinct && facts.present > 20);
  return all_differ ? ColumnKind::ignored : ColumnKind::categorical;
}

/// The texts that values stand for: false before true, others in sorted order.
std::vector<std::string> levels_of(const ColumnFacts& facts) {
  std::vector<std::string> levels = sorted_texts(facts);
  if (levels.size() == 2 && parse_truth(levels[0]) == true && parse_truth(levels[1]) == false)
    std::swap(levels[0], levels[1]);
  return levels;
}

/// Throws if the cells cannot be of the kind that is set for their column.
void check_kind(const Survey& survey, std::string_view origin, std::size_t field, ColumnKind kind) {
  const ColumnFacts& facts = survey.columns[field];
  const bool numbers = kind == ColumnKind::numeric || kind == ColumnKind::count;
  if (numbers && !all_numbers(facts)) fail_cell(survey, origin, field);
  const auto refuse = [&](std::string_view why) {
    throw DataError(
        concat(origin, ": ", name_of(survey, field), " cannot be ", column_kind_name(kind), ": ", why));
  };
  if (kind == ColumnKind::count && (!facts.whole || facts.min < 0.0))
    refuse("not all its numbers are whole and 0 or more");
  if (kind == ColumnKind::date && facts.dates < facts.present) refuse("not all its cells are dates");
  if (kind == ColumnKind::binary && all_numbers(facts) && kind_of_numbers(facts) != ColumnKind::binary)
    refuse("its numbers are not 0 and 1");
  if (kind == ColumnKind::binary && !all_numbers(facts) && facts.texts.size() + facts.number_texts.size() > 2)
    refuse("it has more than two texts");
  if (kind == ColumnKind::categorical && (facts.many_texts || facts.many_numbers))
    refuse("it has more than 1000 classes");
  if (kind == ColumnKind::label && !can_be_label(facts))
    refuse("labels are whole numbers, or at most 1000 texts");
}

/// Why a column of this kind is, by its cells, no numbers.
std::string_view why_of_cells(const ColumnFacts& facts, ColumnKind kind) {
  if (kind != ColumnKind::ignored) return "";
  if (facts.present == 0) return "no cell has a value";
  return facts.many_texts || facts.many_numbers ? "text of more than 1000 values"
                                                : "text that differs in every row";
}

Column infer(const Survey& survey, std::string_view origin, std::size_t field, Wishes& wishes) {
  const ColumnFacts& facts = survey.columns[field];
  Column column;
  if (!survey.header.empty()) column.name = survey.header[field];
  if (!wishes.used[field]) {
    column.kind = ColumnKind::ignored;
    return column;
  }
  const bool read_beside = wishes.conditions.contains(field);
  if (wishes.kinds[field]) {
    column.kind = *wishes.kinds[field];
    check_kind(survey, origin, field, column.kind);
  } else if (!read_beside && wishes.infers_label && is_label_name(column.name) && can_be_label(facts)) {
    column.kind = ColumnKind::label;
    wishes.infers_label = false;
    wishes.by[field] = "its name";
  } else if (!read_beside && wishes.infers_id && !survey.header.empty() && is_id(facts, column.name)) {
    column.kind = ColumnKind::id;
    wishes.infers_id = false;
    wishes.by[field] = is_id_name(column.name) ? "its name, and no cell occurs twice"
                                               : "it has no name, and counts the rows";
  } else {
    column.kind = kind_of_cells(survey, origin, field);
    wishes.by[field] = why_of_cells(facts, column.kind);
  }
  // Numbers that are classes, but not 0, 1, 2, …, are kept as texts.
  const bool names =
      wishes.kinds[field] == ColumnKind::categorical && all_numbers(facts) &&
      !(facts.whole && facts.min >= 0.0 && facts.max < static_cast<double>(facts.number_texts.size()));
  const bool texts = names || (facts.numbers < facts.present && column.kind != ColumnKind::date);
  if (texts && (is_modelled(column.kind) || column.kind == ColumnKind::label))
    column.levels = levels_of(facts);
  if (column.kind == ColumnKind::numeric && all_numbers(facts)) column.origin = origin_of(facts);
  if (column.kind == ColumnKind::date && !facts.whole_days) {
    column.has_times = true;
    column.origin = std::floor(facts.first_date);
  }
  return column;
}

/// Says which columns' values are read relative to their origin.
void note_origins(const Survey& survey, TablePlan& plan) {
  for (const ValueColumn& value : plan.values) {
    const double origin = plan.schema.columns[value.column].origin;
    if (origin == 0.0 || plan.schema.columns[value.column].has_times) continue;
    plan.notes.push_back(concat(name_of(survey, value.field), ": values are stored relative to ",
                                static_cast<std::int64_t>(origin),
                                ", as a 32-bit float would lose their differences"));
  }
}

/// Says what was left out, and why.
void note_left_out(const Survey& survey, const Wishes& wishes, TablePlan& plan) {
  std::vector<std::string> empty, texts;
  for (std::size_t field = 0; field < survey.width; ++field) {
    if (plan.schema.columns[field].kind != ColumnKind::ignored || !wishes.used[field]) continue;
    (survey.columns[field].present == 0 ? empty : texts).push_back(name_of(survey, field));
  }
  if (!empty.empty()) plan.notes.push_back(concat("left out, without a value: ", list_names(empty)));
  if (!texts.empty()) plan.notes.push_back(concat("left out, text of too many values: ", list_names(texts)));
}

}  // namespace

bool is_label_name(std::string_view name) {
  return std::ranges::find(kLabelNames, lower(std::string(name))) != kLabelNames.end();
}

bool can_be_label(const ColumnFacts& facts) {
  if (facts.present == 0) return false;
  if (!all_numbers(facts)) return !facts.many_texts && !facts.many_numbers;
  return facts.whole && to_label(facts.min) && to_label(facts.max);
}

TablePlan plan_table(const Survey& survey, std::string_view origin, const TableOptions& options) {
  Wishes wishes(survey, options);
  TablePlan plan;
  for (std::size_t field = 0; field < survey.width; ++field) {
    plan.schema.columns.push_back(infer(survey, origin, field, wishes));
    const Column& column = plan.schema.columns.back();
    const ColumnFacts& facts = survey.columns[field];
    plan.readings.push_back({facts.present, facts.missing, std::string(wishes.by[field])});
    if (is_modelled(column.kind)) plan.values.push_back({field, field});
    if ((column.kind == ColumnKind::label && plan.label) || (column.kind == ColumnKind::id && plan.id)) {
      throw ConfigError(concat(origin, ": two columns are set to be ", column_kind_name(column.kind), ": ",
                               name_of(survey, column.kind == ColumnKind::label ? *plan.label : *plan.id),
                               " and ", name_of(survey, field), "."));
    }
    if (column.kind == ColumnKind::label) {
      plan.label = field;
      plan.label_names = column.levels;
    }
    if (column.kind == ColumnKind::id) plan.id = field;
  }
  take_conditions(survey, origin, options.conditions, plan);
  if (plan.values.empty()) {
    throw DataError(concat(origin, !plan.conditions.empty()
                                       ? ": every column is read by model.condition, and none is a value"
                                   : plan.label ? ": holds labels alone, no values"
                                                : ": holds no values"));
  }
  note_left_out(survey, wishes, plan);
  note_origins(survey, plan);
  return plan;
}

}  // namespace elbo::data
