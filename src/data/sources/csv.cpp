#include "data/sources/csv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "data/sources/array.h"
#include "base/text.h"
#include "io/file.h"
#include "base/check.h"

namespace elbo::data {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The separator that occurs most often in the first line, outside quotes.
char find_separator(std::string_view text) {
  constexpr std::array kSeparators = {',', ';', '\t'};
  std::array<int, kSeparators.size()> counts{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    for (std::size_t i = 0; i < kSeparators.size(); ++i) counts[i] += c == kSeparators[i];
  }
  return kSeparators[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) -
                                              counts.begin())];
}

/// Reads row by row.
class Reader {
 public:
  Reader(std::string_view text, std::string_view origin) : rest_(text), origin_(origin) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
    separator_ = find_separator(rest_);
  }

  /// Reads the next row's fields; false at the end. Blank lines are skipped.
  bool next(std::vector<std::string>& fields) {
    do {
      if (rest_.empty()) return false;
      line_ = next_line_;
      std::size_t count = 0;
      do {
        if (fields.size() == count) fields.emplace_back();
        read_field(fields[count++]);
      } while (take(separator_));
      fields.resize(count);
      end_line();
    } while (fields.size() == 1 && fields[0].empty());
    return true;
  }

  /// "file:line" of the last row read.
  std::string place() const { return concat(origin_, ":", line_); }
  std::int64_t line() const { return line_; }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void end_line() {
    if (rest_.empty()) return;
    if (take('\r')) {
      take('\n');
    } else if (!take('\n')) {
      throw DataError(concat(place(), ": there is text after a closing quote"));
    }
    ++next_line_;
  }

  void read_field(std::string& field) {
    field.clear();
    if (take('"')) return read_quoted(field);
    const char ends[] = {separator_, '\r', '\n'};
    const auto end = std::min(rest_.find_first_of(std::string_view(ends, 3)), rest_.size());
    field.assign(trimmed(rest_.substr(0, end)));
    rest_.remove_prefix(end);
  }

  void read_quoted(std::string& field) {
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"' && !take('"')) return;  // two quotes stand for one
      next_line_ += c == '\n';
      field.push_back(c);
    }
    throw DataError(concat(place(), ": a quote is opened but never closed"));
  }

  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
  }

  std::string_view rest_;
  std::string_view origin_;
  char separator_ = ',';
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
};

/// The value of a number outside a double's range: 0 if it is too small, else infinity.
double beyond_range(std::string_view digits) {
  const auto exponent = digits.find_first_of("eE");
  const bool fraction = digits.starts_with("0.") || digits.starts_with('.');
  const bool small = exponent == digits.npos ? fraction : digits.substr(exponent + 1).starts_with('-');
  return small ? 0.0 : std::numeric_limits<double>::infinity();
}

/// A cell's number; NaN if it is missing (empty, NA, null), nothing if it is text.
std::optional<double> parse_number(const std::string& field) {
  if (field.empty()) return std::numeric_limits<double>::quiet_NaN();
  const char* first = field.data();
  const char* last = first + field.size();
  if (*first == '+') ++first;
  double value = 0.0;
  const auto [end, error] = std::from_chars(first, last, value);
  if (end == last && error == std::errc()) return value;
  if (end == last && error == std::errc::result_out_of_range) {
    const bool negative = *first == '-';
    if (negative) ++first;
    const double size = beyond_range({first, last});
    return negative ? -size : size;
  }
  if (const auto word = lower(field); word == "na" || word == "n/a" || word == "null") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::nullopt;
}

/// The numbers as integers; nothing if any has a fraction or is missing.
std::optional<std::vector<std::int32_t>> to_whole_numbers(const std::vector<double>& numbers) {
  std::vector<std::int32_t> labels;
  for (const double number : numbers) {
    const auto label = to_label(number);
    if (!label) return std::nullopt;
    labels.push_back(*label);
  }
  return labels;
}

/// Text numbered in sorted order.
std::vector<std::int32_t> to_classes(const std::vector<std::string>& cells) {
  std::vector<std::string> classes = cells;
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  std::vector<std::int32_t> labels;
  for (const auto& cell : cells) {
    const auto found = std::lower_bound(classes.begin(), classes.end(), cell);
    labels.push_back(static_cast<std::int32_t>(found - classes.begin()));
  }
  return labels;
}

/// Labels from the cells of their column; nothing if they are numbers but not whole.
std::optional<std::vector<std::int32_t>> to_labels(const std::vector<std::string>& cells) {
  std::vector<double> numbers;
  for (const auto& cell : cells) {
    const auto number = parse_number(cell);
    if (!number) return to_classes(cells);
    numbers.push_back(*number);
  }
  return to_whole_numbers(numbers);
}

/// The rows read so far, with the label column kept apart.
struct Rows {
  std::vector<std::string> header;
  std::size_t width = 0;
  std::size_t label_column = static_cast<std::size_t>(-1);
  std::vector<std::string> label_cells;
  std::vector<float> values;
  std::vector<std::int64_t> lines;  ///< line number of each row

  bool has_labels() const { return label_column < width; }

  void start(const std::vector<std::string>& first) {
    width = first.size();
    bool text = false;
    for (const auto& field : first) {
      const auto number = parse_number(field);
      if (number && !std::isnan(*number)) return;
      text = text || !number;
    }
    if (!text) return;
    header = first;
    for (std::size_t i = 0; i < width; ++i) {
      const auto column = lower(header[i]);
      if (column == "label" || column == "class" || column == "target")
        label_column = std::min(label_column, i);
    }
  }

  void add(const std::vector<std::string>& fields, const Reader& reader) {
    if (fields.size() != width) {
      throw DataError(concat(reader.place(), ": has ", fields.size(),
                             fields.size() == 1 ? " field" : " fields", ", but the first row has ", width));
    }
    for (std::size_t i = 0; i < width; ++i) {
      if (i == label_column) {
        label_cells.push_back(fields[i]);
        continue;
      }
      const auto number = parse_number(fields[i]);
      if (!number || std::fabs(*number) > std::numeric_limits<float>::max())
        fail(fields, i, number.has_value(), reader);
      values.push_back(static_cast<float>(*number));
    }
    lines.push_back(reader.line());
  }

  [[noreturn]] void fail(const std::vector<std::string>& fields, std::size_t column, bool number,
                         const Reader& reader) const {
    const std::string name = header.empty() ? "" : concat(" (", shown(header[column]), ")");
    const char* advice = lines.empty() && header.empty()
                             ? ".\nA first line that holds a number is data; a header's cells are all names."
                             : "";
    throw DataError(concat(reader.place(), ": ", shown(fields[column]), " in column ", column + 1, name,
                           number ? " is infinite or too large for a 32-bit float" : " is not a number",
                           number ? "" : advice));
  }

  /// Puts the label column back among the values, for labels with fractions.
  void restore_label_column() {
    std::vector<float> all;
    all.reserve(values.size() + label_cells.size());
    auto next = values.begin();
    for (const auto& cell : label_cells) {
      for (std::size_t i = 0; i < width; ++i) {
        all.push_back(i == label_column ? static_cast<float>(*parse_number(cell)) : *next++);
      }
    }
    values = std::move(all);
  }
};

}  // namespace

Dataset parse_csv(std::string_view text, std::string_view origin, std::string name) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    throw DataError(concat(origin, ": is it UTF-16? Save it as UTF-8."));
  Reader reader(text, origin);
  std::vector<std::string> fields;
  Rows rows;
  if (reader.next(fields)) rows.start(fields);
  if (rows.header.empty() && rows.width > 0) rows.add(fields, reader);
  while (reader.next(fields)) rows.add(fields, reader);
  if (rows.lines.empty())
    throw DataError(concat(origin, rows.width ? ": holds a header alone" : ": holds no rows"));

  std::vector<std::int32_t> labels;
  std::int64_t dims = static_cast<std::int64_t>(rows.width);
  if (rows.has_labels()) {
    if (auto found = to_labels(rows.label_cells)) {
      labels = std::move(*found);
      rows.header.erase(rows.header.begin() + static_cast<std::ptrdiff_t>(rows.label_column));
      if (--dims == 0) throw DataError(concat(origin, ": holds labels alone, no values"));
    } else {
      rows.restore_label_column();
    }
  }
  Dataset dataset = Dataset::from_floats(std::move(rows.values), dims);
  dataset.name = std::move(name);
  dataset.columns = std::move(rows.header);
  dataset.train.labels = std::move(labels);
  dataset.train.origin = origin;
  dataset.train.from_text = true;
  dataset.train.rows = std::move(rows.lines);
  return dataset;
}

Dataset load_csv(const std::filesystem::path& file, std::string name) {
  return parse_csv(io::read_file(file), file.string(), std::move(name));
}

}  // namespace elbo::data
