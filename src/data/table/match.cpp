// match_table: a table's columns, matched with those of a model.

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "data/table/names.h"
#include "data/table/plan.h"

namespace elbo::data {
namespace {

bool has_names(const Schema& schema) {
  return std::ranges::any_of(schema.columns, [](const Column& column) { return !column.name.empty(); });
}

/// The file's columns by name, in the model's order.
void match_names(const Survey& survey, std::string_view origin, TablePlan& plan) {
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < plan.schema.columns.size(); ++i) {
    const Column& column = plan.schema.columns[i];
    if (!is_modelled(column.kind)) continue;
    const auto found = std::ranges::find(survey.header, column.name);
    if (found == survey.header.end()) {
      missing.push_back(shown(column.name));
    } else {
      plan.values.push_back({i, static_cast<std::size_t>(found - survey.header.begin())});
    }
  }
  if (missing.empty()) return;
  std::vector<std::string> there;
  for (std::size_t field = 0; field < survey.width; ++field) there.push_back(name_of(survey, field));
  throw DataError(concat(origin, ": has no ", missing.size() == 1 ? "column " : "columns ",
                         list_names(missing), ", which the model was trained on. It has ", list_names(there),
                         "."));
}

/// The file's columns by position: all of them but those of labels and ids, if the options name them.
void match_positions(const Survey& survey, std::string_view origin, const TableOptions& options,
                     TablePlan& plan) {
  std::vector<bool> apart(survey.width, false);
  for (const auto& [name, setting] :
       {std::pair(options.label, "data.label"), std::pair(options.id, "data.id")}) {
    if (!name.empty() && name != "none") apart[find_column(survey, name, setting)] = true;
  }
  std::vector<std::size_t> fields;
  for (std::size_t field = 0; field < survey.width; ++field) {
    if (!apart[field]) fields.push_back(field);
  }
  std::vector<std::size_t> modelled;
  for (std::size_t i = 0; i < plan.schema.columns.size(); ++i) {
    if (is_modelled(plan.schema.columns[i].kind)) modelled.push_back(i);
  }
  // A file like the one that the model was trained on has the other columns too.
  const bool whole = fields.size() == plan.schema.columns.size();
  if (!whole && fields.size() != modelled.size()) {
    throw DataError(concat(origin, ": has ", fields.size(), fields.size() == 1 ? " column" : " columns",
                           " and no names to match them by; the model was trained on ", modelled.size(),
                           "."));
  }
  for (std::size_t i = 0; i < modelled.size(); ++i)
    plan.values.push_back({modelled[i], fields[whole ? modelled[i] : i]});
  if (has_names(plan.schema))
    plan.notes.push_back("has no names of columns: they are taken in the model's order");
}

/// Throws if cells are not of the kind that the model knows.
void check_cells(const Survey& survey, std::string_view origin, const TablePlan& plan) {
  for (const auto& [index, field] : plan.values) {
    const Column& column = plan.schema.columns[index];
    const ColumnFacts& facts = survey.columns[field];
    if (column.levels.empty()) {
      const bool dates = column.kind == ColumnKind::date && facts.dates + facts.numbers == facts.present;
      if (facts.numbers < facts.present && !dates) {
        throw DataError(concat(origin, ":", facts.not_a_number.line, ": ", shown(facts.not_a_number.text),
                               " in ", name_of(survey, field),
                               " is not a number, as it was in the training data"));
      }
      continue;
    }
    for (const auto& [text, count] : facts.texts) {
      if (std::ranges::find(column.levels, text) != column.levels.end()) continue;
      throw DataError(concat(origin, ": ", shown(text), " in ", name_of(survey, field),
                             " did not occur in the training data, which has ", list_names(column.levels),
                             "."));
    }
  }
}

std::optional<std::size_t> field_of_role(const Survey& survey, const Schema& schema, ColumnKind kind,
                                         const std::string& wish, std::string_view setting) {
  if (wish == "none") return std::nullopt;
  if (!wish.empty()) return find_column(survey, wish, setting);
  for (const Column& column : schema.columns) {
    if (column.kind != kind || column.name.empty()) continue;
    const auto found = std::ranges::find(survey.header, column.name);
    if (found != survey.header.end()) return static_cast<std::size_t>(found - survey.header.begin());
  }
  return std::nullopt;
}

/// A column that is called like labels and is none of the model's.
std::optional<std::size_t> find_labels(const Survey& survey, const TablePlan& plan) {
  for (std::size_t field = 0; field < survey.header.size(); ++field) {
    const bool known = std::ranges::any_of(
        plan.schema.columns, [&](const Column& column) { return column.name == survey.header[field]; });
    if (!known && is_label_name(survey.header[field]) && can_be_label(survey.columns[field])) return field;
  }
  return std::nullopt;
}

/// The names of labels: those of the model first, so that a class has one number everywhere.
std::vector<std::string> names_of_labels(const Schema& schema, const ColumnFacts& facts) {
  std::vector<std::string> names;
  for (const Column& column : schema.columns) {
    if (column.kind == ColumnKind::label) names = column.levels;
  }
  if (facts.numbers == facts.present) return names;
  std::vector<std::string> others;
  for (const auto& [text, count] : facts.texts) {
    if (std::ranges::find(names, text) == names.end()) others.push_back(text);
  }
  std::ranges::sort(others);
  names.insert(names.end(), others.begin(), others.end());
  return names;
}

void note_extra(const Survey& survey, TablePlan& plan) {
  std::vector<bool> known(survey.width, false);
  for (const ValueColumn& value : plan.values) known[value.field] = true;
  if (plan.label) known[*plan.label] = true;
  if (plan.id) known[*plan.id] = true;
  std::vector<std::string> extra;
  for (std::size_t field = 0; field < survey.width; ++field) {
    const bool ignored =
        field < survey.header.size() && std::ranges::any_of(plan.schema.columns, [&](const Column& column) {
          return column.name == survey.header[field];
        });
    if (!known[field] && !ignored) extra.push_back(name_of(survey, field));
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
  } else {
    match_names(survey, origin, plan);
  }
  check_cells(survey, origin, plan);
  plan.label = field_of_role(survey, like, ColumnKind::label, options.label, "data.label");
  if (!plan.label && options.label.empty()) plan.label = find_labels(survey, plan);
  if (plan.label) plan.label_names = names_of_labels(like, survey.columns[*plan.label]);
  plan.id = field_of_role(survey, like, ColumnKind::id, options.id, "data.id");
  note_extra(survey, plan);
  return plan;
}

}  // namespace elbo::data
