#include "data/table/survey.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "base/check.h"
#include "base/text.h"
#include "data/table/csv_reader.h"
#include "data/table/survey_rows.h"

namespace elbo::data {
namespace {

/// Whether the fields count 0, 1, … to the last, as a table without names is often written; the first may be
/// empty, for a column of row numbers.
bool counts_columns(const std::vector<std::string_view>& fields) {
  const std::size_t first = !fields.empty() && fields[0].empty() ? 1 : 0;
  if (fields.size() < first + 3) return false;  // 0, 1 may as well be a row of data
  for (std::size_t i = first; i < fields.size(); ++i) {
    if (fields[i] != std::to_string(i - first)) return false;
  }
  return true;
}

/// A header's fields are texts, or missing, or count the columns.
bool is_header(const std::vector<std::string_view>& fields, NumberStyle style) {
  if (counts_columns(fields)) return true;
  bool text = false;
  for (const auto& field : fields) {
    if (parse_number(field, style) || parse_date(field)) return false;
    text = text || !is_missing(field);
  }
  return text;
}

NumberStyle style_of(DecimalSign decimal) {
  return decimal == DecimalSign::comma ? kComma : kPoint;
}

/// Finds the style in which more of the first rows' cells are numbers. Where every sign may be a decimal sign
/// or separate thousands, `known`, the decimal sign of the training data, decides. Without it every sign is a
/// decimal one, but for a comma in a file whose fields are divided by commas.
void find_style(std::string_view text, std::string_view origin, DecimalSign known, Survey& result) {
  constexpr int kRows = 1000;
  CsvReader reader(text, origin);
  std::vector<std::string_view> fields;
  std::int64_t point = 0, comma = 0, either = 0, either_with_comma = 0;
  for (int row = 0; row < kRows && reader.next(fields); ++row) {
    for (const auto& field : fields) {
      if (field.find_first_of(".,") == std::string_view::npos) continue;
      const bool by_point = parse_number(field, kPoint).has_value();
      const bool by_comma = parse_number(field, kComma).has_value();
      point += by_point && !by_comma;
      comma += by_comma && !by_point;
      either += by_point && by_comma;
      either_with_comma += by_point && by_comma && field.find(',') != std::string_view::npos;
    }
  }
  result.signs = point + comma + either > 0;
  result.ambiguous = point == comma && either > 0;
  const bool comma_alone = reader.separator() != ',' && 2 * either_with_comma > either;
  const bool commas = point == comma ? comma_alone : comma > point;
  result.style = commas ? kComma : kPoint;
  if (point == comma && known != DecimalSign::automatic) result.style = style_of(known);
}

/// Gives names that occur again a number: a, a.1, a.2.
void make_unique(Survey& result) {
  std::unordered_set<std::string> taken(result.header.begin(), result.header.end());
  std::unordered_set<std::string> seen;
  for (std::string& name : result.header) {
    if (seen.insert(name).second) continue;
    result.renamed.push_back(name);
    std::string other;
    for (int number = 1; other.empty() || taken.contains(other); ++number) other = concat(name, '.', number);
    taken.insert(other);
    name = other;
  }
}

/// Collects the numbers, as they are written, of columns that hold texts too.
void collect_number_texts(std::string_view text, std::string_view origin, const TableOptions& options,
                          Survey& result) {
  const bool classes =
      !options.label_value.empty() || std::ranges::any_of(options.kinds, [](const std::string& kind) {
        return kind.ends_with("categorical");
      });
  std::vector<std::size_t> mixed;
  for (std::size_t i = 0; i < result.width; ++i) {
    const ColumnFacts& facts = result.columns[i];
    if (facts.numbers > 0 && (classes || facts.numbers < facts.present)) mixed.push_back(i);
  }
  if (mixed.empty()) return;
  CsvReader reader(text, origin);
  std::vector<std::string_view> fields;
  if (!result.header.empty()) reader.next(fields);
  while (reader.next(fields)) {
    for (const std::size_t i : mixed) {
      ColumnFacts& facts = result.columns[i];
      if (facts.many_numbers || is_missing(fields[i]) || !parse_number(fields[i], result.style)) continue;
      facts.number_texts.emplace(fields[i]);
      facts.many_numbers = facts.number_texts.size() > ColumnFacts::kMaxLevels;
    }
  }
}

}  // namespace

bool is_id_name(std::string_view name) {
  const std::string small = lower(std::string(name));
  for (const char* word : {"id", "index", "uuid", "guid", "key"}) {
    if (small == word) return true;
  }
  return name.ends_with("ID") || name.ends_with("Id") || name.ends_with("_id") || name.ends_with("-id") ||
         name.ends_with(" id");
}

Survey survey(std::string_view text, std::string_view origin, const TableOptions& options,
              DecimalSign known) {
  Survey result;
  if (options.decimal == DecimalSign::automatic) {
    find_style(text, origin, known, result);
  } else {
    result.signs = true;
    result.style = style_of(options.decimal);
  }
  CsvReader reader(text, origin);
  std::vector<std::string_view> fields;
  if (!reader.next(fields)) throw DataError(concat(origin, ": holds no rows"));
  result.width = fields.size();
  const bool automatic = options.header == HeaderLine::automatic;
  const bool named = automatic ? is_header(fields, result.style) : options.header == HeaderLine::present;
  if (named) {
    result.header.assign(fields.begin(), fields.end());
    result.counted = automatic && counts_columns(fields);
    make_unique(result);
  }
  survey_rows(named ? reader.rest() : reader.row_and_rest(), origin, reader.separator(),
              named ? reader.next_line() : reader.line(), result);
  if (result.rows == 0) throw DataError(concat(origin, ": holds a header alone"));
  collect_number_texts(text, origin, options, result);
  return result;
}

}  // namespace elbo::data
