// match_table: a table's columns, matched with those of a model.

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/check.h"
#include "base/text.h"
#include "data/table/names.h"
#include "data/table/plan.h"

namespace elbo::data {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

bool has_names(const Schema& schema) {
  return std::ranges::any_of(schema.columns, [](const Column& column) { return !column.name.empty(); });
}

/// Adds a column of the model's, at its place in the file, to those that are read.
void add_read(TablePlan& plan, std::size_t column, std::size_t field) {
  const bool value = is_modelled(plan.schema.columns[column]);
  (value ? plan.values : plan.conditions).push_back({column, field});
}

/// The file's columns by name, in the model's order.
void match_names(const Survey& survey, std::string_view origin, TablePlan& plan) {
  std::unordered_map<std::string, std::size_t> fields;
  for (std::size_t field = 0; field < survey.width; ++field) fields.emplace(survey.header[field], field);
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < plan.schema.columns.size(); ++i) {
    const Column& column = plan.schema.columns[i];
    if (!is_modelled(column.kind)) continue;
    const auto found = fields.find(column.name);
    if (found == fields.end()) {
      missing.push_back(shown(column.name));
    } else {
      add_read(plan, i, found->second);
    }
  }
  if (missing.empty()) return;
  std::vector<std::string> there;
  for (std::size_t field = 0; field < survey.width; ++field) there.push_back(name_of(survey, field));
  throw DataError(concat(origin, ": has no ", missing.size() == 1 ? "column " : "columns ",
                         list_names(missing), ", which the model was trained on. It has ", list_names(there),
                         "."));
}

/// A file with as many columns as the one that the model was trained on is laid out like it.
void match_whole(TablePlan& plan) {
  for (std::size_t i = 0; i < plan.schema.columns.size(); ++i) {
    const ColumnKind kind = plan.schema.columns[i].kind;
    if (is_modelled(kind)) add_read(plan, i, i);
    if (kind == ColumnKind::label) plan.label = i;
    if (kind == ColumnKind::id) plan.id = i;
  }
}

/// The file's columns by position: all of them but those of labels and ids, if the options give their
/// numbers.
void match_positions(const Survey& survey, std::string_view origin, const TableOptions& options,
                     TablePlan& plan) {
  if (survey.width == plan.schema.columns.size()) return match_whole(plan);
  std::vector<bool> apart(survey.width, false);
  for (const auto& [name, setting] :
       {std::pair(options.label, "data.label"), std::pair(options.id, "data.id")}) {
    if (is_number(name)) apart[find_column(survey, name, setting)] = true;
  }
  std::vector<std::size_t> fields;
  for (std::size_t field = 0; field < survey.width; ++field) {
    if (!apart[field]) fields.push_back(field);
  }
  std::size_t read = 0;
  for (std::size_t i = 0; i < plan.schema.columns.size(); ++i) {
    if (is_modelled(plan.schema.columns[i].kind) && read < fields.size()) add_read(plan, i, fields[read++]);
  }
  const auto modelled = std::ranges::count_if(plan.schema.columns,
                                              [](const Column& column) { return is_modelled(column.kind); });
  if (std::ssize(fields) == modelled) return;
  throw DataError(concat(origin, ": has ", fields.size(), fields.size() == 1 ? " column" : " columns",
                         ", and ", survey.header.empty() ? "no names" : "the model has no names",
                         " to match them by; the model was trained on ", modelled, "."));
}

/// Throws if cells of these columns are not of the kind that the model knows.
void check_cells(const Survey& survey, std::string_view origin, const TablePlan& plan,
                 const std::vector<ValueColumn>& read) {
  for (const auto& [index, field] : read) {
    const Column& column = plan.schema.columns[index];
    const ColumnFacts& facts = survey.columns[field];
    if (column.kind == ColumnKind::date && facts.dates < facts.present) {
      throw DataError(concat(origin, ": ", name_of(survey, field),
                             " holds dates in the training data, and here cells that are none"));
    }
    if (column.kind == ColumnKind::date) continue;
    if (column.levels.empty() && facts.numbers < facts.present) {
      throw DataError(concat(origin, ":", facts.not_a_number.line, ": ", shown(facts.not_a_number.text),
                             " in ", name_of(survey, field), " is not a number, as in the training data"));
    }
    if (column.levels.empty() || column.condition > 0) continue;  // reading names the line of a condition
    for (const auto& [text, count] : facts.texts) {
      if (std::ranges::find(column.levels, text) != column.levels.end()) continue;
      throw DataError(concat(origin, ": ", shown(text), " in ", name_of(survey, field),
                             " did not occur in the training data, which has ", list_names(column.levels),
                             "."));
    }
  }
}

std::optional<std::size_t> field_called(const Survey& survey, const std::string& name) {
  const auto found = std::ranges::find(survey.header, name);
  if (found == survey.header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - survey.header.begin());
}

/// The column of labels or ids: the one that is set, if the file has it, else the one called as in the
/// training data. A number counts if neither has names, or the column is required.
std::optional<std::size_t> field_of_role(const Survey& survey, const Schema& schema, ColumnKind kind,
                                         const std::string& wish, std::string_view setting,
                                         bool required = false) {
  if (required) return find_column(survey, wish, setting);
  if (wish == "none") return std::nullopt;
  if (const auto field = wish.empty() ? std::nullopt : field_called(survey, wish)) return field;
  for (const Column& column : schema.columns) {
    if (column.kind != kind || column.name.empty()) continue;
    if (const auto field = field_called(survey, column.name)) return field;
  }
  const bool by_number = is_number(wish) && (survey.header.empty() || !has_names(schema));
  return by_number ? std::optional(find_column(survey, wish, setting)) : std::nullopt;
}

/// A column that is called like labels and is none of the model's.
std::optional<std::size_t> field_called_label(const Survey& survey, const Schema& schema) {
  for (std::size_t field = 0; field < survey.header.size(); ++field) {
    const bool known = std::ranges::any_of(
        schema.columns, [&](const Column& column) { return column.name == survey.header[field]; });
    if (!known && is_label_name(survey.header[field]) && can_be_label(survey.columns[field])) return field;
  }
  return std::nullopt;
}

/// Whether some cell is this text, or the number that it is.
bool holds(const Survey& survey, const ColumnFacts& facts, const std::string& text) {
  if (facts.texts.contains(text) || facts.number_texts.contains(text)) return true;
  const auto number = parse_number(text, survey.style);
  return number && std::ranges::any_of(facts.number_texts, [&](const std::string& cell) {
           return parse_number(cell, survey.style) == number;
         });
}

/// Whether the cells are classes, in which some examples agree, and not the rows' names.
bool are_classes(const Survey& survey, std::size_t field) {
  const ColumnFacts& facts = survey.columns[field];
  if (!can_be_label(facts) || facts.many_numbers) return false;
  const bool all_differ = std::ssize(facts.texts) + std::ssize(facts.number_texts) == facts.present;
  return facts.present < 3 || !all_differ;
}

/// The only column, beside the model's values and the ids, that holds options.label_value. Says so where
/// there are several, of which none is taken.
std::optional<std::size_t> field_holding(const Survey& survey, const TableOptions& options, TablePlan& plan) {
  std::vector<std::size_t> found;
  for (std::size_t field = 0; field < survey.width && !options.label_value.empty(); ++field) {
    const auto among = [&](const std::vector<ValueColumn>& read) {
      return std::ranges::find(read, field, &ValueColumn::field) != read.end();
    };
    const bool value = among(plan.values) || among(plan.conditions) || plan.id == field;
    if (!value && are_classes(survey, field) && holds(survey, survey.columns[field], options.label_value))
      found.push_back(field);
  }
  if (found.size() == 1) {
    plan.label_why = concat(", which holds ", shown(options.label_value));
    return found[0];
  }
  std::vector<std::string> names;
  for (const std::size_t field : found) names.push_back(name_of(survey, field));
  if (!found.empty())
    plan.notes.push_back(concat(shown(options.label_value), " occurs in ", list_names(names),
                                ": none is taken for the label (data.label names one)"));
  return std::nullopt;
}

/// The column of labels, by the options, the model's schema, its name or its cells.
std::optional<std::size_t> find_labels(const Survey& survey, const TableOptions& options, TablePlan& plan) {
  if (options.label == "none") return std::nullopt;
  if (const auto field = field_of_role(survey, plan.schema, ColumnKind::label, options.label, "data.label",
                                       options.label_required))
    return field;
  if (const auto field = field_called_label(survey, plan.schema)) return field;
  return field_holding(survey, options, plan);
}

/// The names of labels: those of the model first, so that a class has one number everywhere.
std::vector<std::string> names_of_labels(const Schema& schema, const ColumnFacts& facts) {
  if (facts.numbers == facts.present) return {};  // numbers are their own names
  std::vector<std::string> names;
  for (const Column& column : schema.columns) {
    if (column.kind == ColumnKind::label) names = column.levels;
  }
  std::vector<std::string> others;
  const auto add = [&](const std::string& text) {
    if (std::ranges::find(names, text) == names.end()) others.push_back(text);
  };
  for (const auto& [text, count] : facts.texts) add(text);
  for (const std::string& text : facts.number_texts) add(text);
  std::ranges::sort(others);
  names.insert(names.end(), others.begin(), others.end());
  return names;
}

void note_extra(const Survey& survey, TablePlan& plan) {
  std::vector<bool> known(survey.width, false);
  for (const ValueColumn& value : plan.values) known[value.field] = true;
  for (const ValueColumn& condition : plan.conditions) known[condition.field] = true;
  if (plan.label) known[*plan.label] = true;
  if (plan.id) known[*plan.id] = true;
  std::unordered_set<std::string> ignored;
  for (const Column& column : plan.schema.columns) ignored.insert(column.name);
  const bool laid_out_alike = survey.header.empty() && survey.width == plan.schema.columns.size();
  std::vector<std::string> extra;
  for (std::size_t field = 0; field < survey.width; ++field) {
    const bool left_out = field < survey.header.size() && ignored.contains(survey.header[field]);
    if (!known[field] && !left_out && !laid_out_alike) extra.push_back(name_of(survey, field));
  }
  if (!extra.empty()) plan.notes.push_back(concat("left out, unknown to the model: ", list_names(extra)));
}

}  // namespace

TablePlan match_table(const Survey& survey, std::string_view origin, const TableOptions& options,
                      const Schema& like) {
  TablePlan plan;
  plan.schema = like;
  if (survey.header.empty() || !has_names(like)) {
    match_positions(survey, origin, options, plan);
    if (has_names(like)) plan.notes.push_back("has no names of columns: they are taken in the model's order");
  } else {
    match_names(survey, origin, plan);
  }
  std::ranges::sort(plan.conditions, {},
                    [&](const ValueColumn& read) { return plan.schema.columns[read.column].condition; });
  check_cells(survey, origin, plan, plan.values);
  check_cells(survey, origin, plan, plan.conditions);
  if (!plan.id || options.id_required || options.id == "none")
    plan.id = field_of_role(survey, like, ColumnKind::id, options.id, "data.id", options.id_required);
  if (!plan.label || options.label_required || options.label == "none")
    plan.label = find_labels(survey, options, plan);
  if (plan.label) plan.label_names = names_of_labels(like, survey.columns[*plan.label]);
  note_extra(survey, plan);
  return plan;
}

}  // namespace elbo::data
