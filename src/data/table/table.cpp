#include "data/table/table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "data/sources/array.h"
#include "data/table/csv_reader.h"
#include "data/table/encoding.h"
#include "data/table/names.h"
#include "data/table/plan.h"
#include "data/table/table_source.h"

namespace elbo::data {
namespace {

constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

using Numbers = std::unordered_map<std::string, std::int32_t>;

Numbers numbers_of(const std::vector<std::string>& levels) {
  Numbers numbers;
  for (std::size_t i = 0; i < levels.size(); ++i) numbers.emplace(levels[i], static_cast<std::int32_t>(i));
  return numbers;
}

/// Puts a table's rows into a dataset, by a plan.
class Filler {
 public:
  Filler(Survey& survey, const TablePlan& plan, const CsvReader& reader, Examples& examples)
      : survey_(survey),
        plan_(plan),
        reader_(reader),
        examples_(examples),
        labels_(numbers_of(plan.label_names)) {
    for (const ValueColumn& value : plan.values) {
      levels_.push_back(numbers_of(plan.schema.columns[value.column].levels));
      are_kept_.push_back(is_kept(value));
    }
    for (const ValueColumn& condition : plan.conditions)
      condition_levels_.push_back(numbers_of(plan.schema.columns[condition.column].levels));
    if (!plan.conditions.empty()) examples.conditions = {survey.rows, std::ssize(plan.conditions), {}};
    examples.count = survey.rows;
    examples.dims = static_cast<std::int64_t>(plan.values.size());
    examples.rows = std::move(survey.lines);
  }

  /// Whether the survey has all that the dataset is made of.
  bool needs_no_text() const {
    return !plan_.label && !plan_.id && plan_.conditions.empty() &&
           std::ranges::find(are_kept_, false) == are_kept_.end();
  }

  /// Takes all rows from the survey.
  void take_numbers() {
    bool in_place = plan_.values.size() == survey_.width;
    for (std::size_t i = 0; i < plan_.values.size(); ++i) in_place = in_place && plan_.values[i].field == i;
    if (in_place) {
      examples_.floats = std::move(survey_.numbers);
      return;
    }
    reserve();
    for (std::int64_t row = 0; row < survey_.rows; ++row)
      for (const ValueColumn& value : plan_.values) examples_.floats.push_back(number(row, value.field));
  }

  /// Adds the next row.
  void add(const std::vector<std::string_view>& fields) {
    if (row_ == 0) reserve();
    for (std::size_t i = 0; i < plan_.values.size(); ++i) {
      const std::size_t field = plan_.values[i].field;
      examples_.floats.push_back(are_kept_[i] ? number(row_, field)
                                              : value(fields[field], plan_.values[i], levels_[i]));
    }
    for (std::size_t i = 0; i < plan_.conditions.size(); ++i) {
      const ValueColumn& read = plan_.conditions[i];
      examples_.conditions.values.push_back(value(fields[read.field], read, condition_levels_[i]));
    }
    if (plan_.label) examples_.labels.push_back(label(fields[*plan_.label]));
    if (plan_.id) examples_.ids.emplace_back(fields[*plan_.id]);
    ++row_;
  }

 private:
  /// Whether a column's values are the numbers that the survey kept.
  bool is_kept(const ValueColumn& value) const {
    const ColumnFacts& facts = survey_.columns[value.field];
    const Column& column = plan_.schema.columns[value.column];
    constexpr double kMax = std::numeric_limits<float>::max();
    return column.levels.empty() && column.origin == 0.0 && facts.numbers == facts.present &&
           facts.min >= -kMax && facts.max <= kMax;
  }

  float number(std::int64_t row, std::size_t field) const {
    return survey_.numbers[static_cast<std::size_t>(row) * survey_.width + field];
  }

  void reserve() { examples_.floats.reserve(static_cast<std::size_t>(examples_.count * examples_.dims)); }

  float value(std::string_view cell, const ValueColumn& read, const Numbers& levels) const {
    if (is_missing(cell)) return kNotANumber;
    const auto& [index, field] = read;
    const Column& column = plan_.schema.columns[index];
    if (!column.levels.empty()) return level(cell, read, levels);
    const auto number = parse_number(cell, survey_.style);
    const double found = (number ? *number : parse_date(cell).value()) - column.origin;
    if (std::fabs(found) > std::numeric_limits<float>::max()) {
      const std::string name = survey_.header.empty() ? "" : concat(" (", shown(survey_.header[field]), ")");
      throw DataError(concat(reader_.place(), ": ", shown(cell), " in column ", field + 1, name,
                             " is infinite or too large for a 32-bit float"));
    }
    return static_cast<float>(found);
  }

  float level(std::string_view cell, const ValueColumn& read, const Numbers& levels) const {
    const auto& [index, field] = read;
    auto found = levels.find(std::string(cell));
    if (found == levels.end() && plan_.schema.columns[index].condition > 0) {  // 1 may be written 1.0
      if (const auto number = parse_number(cell, survey_.style)) found = levels.find(concat(*number));
    }
    if (found != levels.end()) return static_cast<float>(found->second);
    throw DataError(concat(reader_.place(), ": ", shown(cell), " in ", name_of(survey_, field),
                           " did not occur in the training data, which has ",
                           list_names(plan_.schema.columns[index].levels), "."));
  }

  std::int32_t label(std::string_view cell) const {
    if (is_missing(cell)) return kNoLabel;
    if (!labels_.empty()) {
      const auto found = labels_.find(std::string(cell));
      if (found != labels_.end()) return found->second;
      throw DataError(concat(reader_.place(), ": ", shown(cell), " is one of more than 1000 labels"));
    }
    const auto number = parse_number(cell, survey_.style);
    const auto whole = number ? to_label(*number) : std::nullopt;
    if (whole) return *whole;
    throw DataError(
        concat(reader_.place(), ": ", shown(cell), " is no label: labels are texts or whole numbers"));
  }

  Survey& survey_;
  const TablePlan& plan_;
  const CsvReader& reader_;
  Examples& examples_;
  std::vector<Numbers> levels_, condition_levels_;  // of each value, and of each condition
  std::vector<bool> are_kept_;                      // by the survey; of each value
  std::int64_t row_ = 0;
  Numbers labels_;
};

/// "5 numeric, 3 categorical, 1 binary"
std::string kinds_in_words(const TablePlan& plan) {
  std::map<ColumnKind, int> counts;
  for (const ValueColumn& value : plan.values) ++counts[plan.schema.columns[value.column].kind];
  std::string text;
  for (const auto& [kind, count] : counts)
    text += concat(text.empty() ? "" : ", ", count, ' ', column_kind_name(kind));
  return text;
}

std::string labels_in_words(const Dataset& data) {
  constexpr std::size_t kNamed = 6;
  std::map<std::int32_t, std::int64_t> counts;
  for (const std::int32_t label : data.train.labels) ++counts[label];
  const std::int64_t without = counts.contains(kNoLabel) ? counts[kNoLabel] : 0;
  counts.erase(kNoLabel);
  std::string text;
  std::size_t named = 0;
  for (const auto& [label, count] : counts) {
    if (named++ == kNamed) break;
    text += concat(text.empty() ? "" : ", ", label_name(data, label), ' ', count);
  }
  if (counts.size() > kNamed) text += concat(" and ", counts.size() - kNamed, " more classes");
  if (without > 0) text += concat(text.empty() ? "" : ", ", "none ", without);
  return text;
}

/// Says what was read, in a few sentences.
void add_notes(const Survey& survey, const TableOptions& options, DecimalSign known, TablePlan& plan,
               Dataset& data) {
  std::int64_t missing = 0;
  for (const float value : data.train.floats) missing += std::isnan(value);
  data.notes.push_back(concat(survey.rows, survey.rows == 1 ? " row, " : " rows, ", plan.values.size(),
                              plan.values.size() == 1 ? " column: " : " columns: ", kinds_in_words(plan),
                              missing > 0 ? concat("; ", missing, " missing cells") : ""));
  if (plan.label)
    data.notes.push_back(
        concat("labels from ", name_of(survey, *plan.label), plan.label_why, ": ", labels_in_words(data)));
  if (survey.header.empty() && options.header == HeaderLine::automatic)
    data.notes.push_back("has no names of columns: the first line is data (data.header says otherwise)");
  if (survey.counted)
    data.notes.push_back("the first line counts the columns, and was taken for their names");
  if (!survey.renamed.empty())
    data.notes.push_back(concat("names that occur again were given a number: ", list_names(survey.renamed)));
  if (survey.ambiguous)
    data.notes.push_back(
        concat("numbers may be read in two ways: ", survey.style == kComma ? "commas" : "points",
               " were taken for the decimal sign",
               known == DecimalSign::automatic ? "" : ", as in the training data",
               " (data.decimal says otherwise)"));
  if (!plan.conditions.empty()) {
    std::vector<std::string> names;
    for (const ValueColumn& condition : plan.conditions) names.push_back(name_of(survey, condition.field));
    data.notes.push_back(concat("read beside the values, as conditions: ", list_names(names)));
  }
  if (plan.id) data.notes.push_back(concat("ids from ", name_of(survey, *plan.id)));
  if (survey.style == kComma) data.notes.push_back("numbers have a decimal comma");
  if (survey.comma_as_thousands) data.notes.push_back("commas within numbers separate thousands");
  data.notes.insert(data.notes.end(), plan.notes.begin(), plan.notes.end());
}

}  // namespace

Dataset parse_table(std::string_view text, std::string_view origin, std::string name,
                    const TableOptions& options, const std::optional<Schema>& like, bool keep_source) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    throw DataError(concat(origin, ": is it UTF-16? Save it as UTF-8."));
  const bool utf8 = is_utf8(text);
  const std::string converted = utf8 ? std::string() : from_latin1(text);
  if (!utf8) text = converted;
  const bool matched = like && !like->empty();
  const DecimalSign known = matched ? like->decimal : DecimalSign::automatic;
  Survey found = survey(text, origin, options, known);
  TablePlan plan = matched ? match_table(found, origin, options, *like) : plan_table(found, origin, options);
  if (!matched && found.signs)
    plan.schema.decimal = found.style == kComma ? DecimalSign::comma : DecimalSign::point;
  Dataset data;
  CsvReader reader(text, origin);
  Filler filler(found, plan, reader, data.train);
  std::vector<std::string_view> fields;
  if (!found.header.empty()) reader.next(fields);
  std::shared_ptr<TableSource> source;
  if (keep_source) source = std::make_shared<TableSource>(text, reader.separator(), found.style, plan);
  const bool again = source || !filler.needs_no_text();
  if (!again) filler.take_numbers();
  while (again && reader.next(fields)) {
    filler.add(fields);
    const auto begin = static_cast<std::size_t>(reader.row_and_rest().data() - text.data());
    if (source) source->add_row(reader.line(), begin);
  }
  data.train.source = std::move(source);
  data.name = std::move(name);
  data.label_names = plan.label_names;
  data.train.origin = origin;
  data.train.from_text = true;
  const bool named =
      std::ranges::any_of(plan.schema.columns, [](const Column& column) { return !column.name.empty(); });
  for (const ValueColumn& value : plan.values) {
    if (named) data.columns.push_back(plan.schema.columns[value.column].name);
  }
  add_notes(found, options, known, plan, data);
  if (!utf8) data.notes.push_back("is not UTF-8: read as Latin-1");
  data.schema = std::move(plan.schema);
  data.readings = std::move(plan.readings);
  return data;
}

}  // namespace elbo::data
