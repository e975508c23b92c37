#include "reports/data_report.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "reports/column_table.h"
#include "reports/value_text.h"
#include "reports/width.h"

namespace elbo::command {
namespace {

constexpr int kName = 15, kKind = 12, kCount = 8, kFigure = 9;
constexpr std::size_t kWide = 80, kDetail = 4 * kFigure - 1, kListed = 50;

/// Whether figures get a line of their own, as a line has too few characters.
bool narrow() {
  return table_width() < kWide;
}

/// The widths of columns' names, and of words in place of their figures: what a terminal has above 80
/// characters goes to names, as far as they need it, and to words. In a narrow one words have lines of their
/// own.
struct Widths {
  int name = kName;
  std::size_t detail = kDetail;

  explicit Widths(const DatasetSummary& summary) {
    std::size_t longest = 0;
    for (const ColumnSummary& column : summary.columns)
      longest = std::max(longest, characters(column.column.name) + 1);
    if (narrow()) {
      const std::size_t rest = table_width() - kKind - 2 * kCount;
      name = static_cast<int>(std::clamp<std::size_t>(longest, 8, rest));
      detail = table_width() - indent().size() - 1;
      return;
    }
    const std::size_t more = table_width() - kWide;
    const std::size_t wanted = std::max<std::size_t>(longest, kName) - kName;
    name += static_cast<int>(std::min(more, wanted));
    detail += more - std::min(more, wanted);
  }
  /// Before words.
  std::string indent() const {
    return std::string(narrow() ? 3 : static_cast<std::size_t>(name + kKind + 2 * kCount), ' ');
  }
};

/// A number of at most eight characters, if it has as few.
std::string figure(double value) {
  for (int digits = 6; digits > 2; --digits) {
    if (std::string text = short_number(value, digits); std::ssize(text) < kFigure) return text;
  }
  return short_number(value, 2);
}

std::string shape_in_words(const Dataset& data) {
  const PictureShape shape = data.picture;
  if (!shape.is_picture()) return concat(data.dims(), data.dims() == 1 ? " value" : " values", " a row");
  return concat("pictures, ", shape.width, " x ", shape.height,
                shape.channels == 1 ? ", grey" : concat(", ", shape.channels, " channels"));
}

const char* type_of(const Dataset& data) {
  if (!data.train.sparse.empty()) return "sparse floats";
  return data.train.bytes.empty() ? "floats" : "bytes";
}

/// The headings of figures, in a narrow line below the others.
void print_figure_headings() {
  if (narrow()) std::cout << "\n   ";
  for (const char* name : {"min", "max", "mean", "dev."}) std::cout << padded(name, kFigure);
  std::cout << '\n';
}

void print_figures(const std::optional<Moments>& moments) {
  if (!moments) return;
  if (narrow()) std::cout << "\n   ";
  for (const double value : {moments->min, moments->max, moments->mean, moments->deviation})
    std::cout << padded(figure(value), kFigure);
}

/// A table's columns have no figures in common, so a split is its rows alone.
void print_table_splits(const Dataset& data, const DatasetSummary& summary) {
  std::string text =
      concat(data.name, ": ", summary.columns.size(),
             summary.columns.size() == 1 ? " column, " : " columns, ", data.dims(), " with values; ");
  for (std::size_t i = 0; i < summary.splits.size(); ++i) {
    const SplitSummary& split = summary.splits[i];
    text += concat(i > 0 ? ", " : "", split.examples, split.examples == 1 ? " row" : " rows",
                   summary.splits.size() > 1 ? concat(" to ", split.name) : "");
  }
  std::cout << wrapped(text) << '\n';
}

void print_splits(const Dataset& data, const DatasetSummary& summary) {
  std::cout << wrapped(concat(data.name, ": ", shape_in_words(data),
                              data.train.bytes.empty() ? "" : ", bytes that stand for byte/255"))
            << "\n\n";
  const int name = narrow() ? -kName : -kName - kKind;
  std::cout << padded("split", name) << padded("examples", kCount) << padded("missing", kCount);
  print_figure_headings();
  for (const SplitSummary& split : summary.splits) {
    std::cout << padded(split.name, name) << padded(std::to_string(split.examples), kCount)
              << padded(std::to_string(split.missing), kCount);
    print_figures(split.moments);
    std::cout << '\n';
  }
}

/// Words beside a column, in as many lines as they need.
void print_detail(const std::vector<std::string>& parts, const Widths& widths) {
  std::string line;
  const auto print = [&](bool first) {
    if (!first) std::cout << widths.indent();
    std::cout << ' ' << line << '\n';
  };
  bool first = true;
  for (const std::string& part : parts) {
    if (!line.empty() && line.size() + 1 + part.size() > widths.detail) {
      print(first);
      first = false;
      line.clear();
    }
    line += concat(line.empty() ? "" : " ", part);
  }
  print(first);
}

/// "3 levels: basic 600, pro 300, team 100", word by word.
std::vector<std::string> levels_in_words(const ColumnSummary& column) {
  constexpr std::size_t kMax = 6, kText = 24;
  std::vector<std::string> parts = {concat(column.levels.size(),
                                           column.column.kind == ColumnKind::label ? " label" : " level",
                                           column.levels.size() == 1 ? ":" : "s:")};
  const std::size_t shown = std::min(kMax, column.levels.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [text, count] = column.levels[i];
    const bool last = i + 1 == column.levels.size();
    parts.push_back(concat(shortened(text, kText), ' ', count, last ? "" : ","));
  }
  if (column.levels.size() > shown) parts.push_back(concat("and ", column.levels.size() - shown, " more"));
  return parts;
}

/// What a column without figures is shown with.
std::vector<std::string> detail_of(const ColumnSummary& column) {
  std::vector<std::string> parts;
  if (!column.levels.empty()) parts = levels_in_words(column);
  if (column.column.kind == ColumnKind::date && column.moments) {
    const auto day = [&](double value) { return number_text(column.column, value); };
    parts = {concat(day(column.moments->min), " to ", day(column.moments->max), ","),
             concat("mean ", day(column.moments->mean), ","),
             concat("dev. ", figure(column.moments->deviation), " days")};
  }
  if (column.why.empty()) return parts;
  if (!parts.empty()) parts.back() += ';';
  const bool cause = column.why.starts_with("data.") || column.why.starts_with("its ");
  if (cause) parts.push_back("by");
  for (const std::string_view word : data::words(column.why)) parts.emplace_back(word);
  return parts;
}

void print_columns(const DatasetSummary& summary, bool table) {
  const Widths widths(summary);
  std::cout << '\n'
            << padded("column", -widths.name) << padded("kind", -kKind) << padded("present", kCount)
            << padded("missing", kCount);
  print_figure_headings();
  const std::size_t shown = table ? summary.columns.size() : std::min(kListed, summary.columns.size());
  for (std::size_t c = 0; c < shown; ++c) {
    const ColumnSummary& column = summary.columns[c];
    const std::string name = column.column.name.empty() ? concat(c + 1) : column.column.name;
    std::cout << padded(shortened(name, static_cast<std::size_t>(widths.name) - 1), -widths.name)
              << padded(std::string(column_kind_name(column.column.kind)), -kKind)
              << padded(std::to_string(column.present), kCount)
              << padded(std::to_string(column.missing), kCount);
    const bool figures = column.moments && column.column.kind != ColumnKind::date;
    if (figures) print_figures(column.moments);
    const std::vector<std::string> detail = detail_of(column);
    if (!detail.empty() && (figures || narrow())) std::cout << '\n' << widths.indent();
    if (!detail.empty()) {
      print_detail(detail, widths);
    } else {
      std::cout << '\n';
    }
  }
  if (shown < summary.columns.size()) std::cout << "and " << summary.columns.size() - shown << " more\n";
}

std::int64_t count_of(const Frequencies& labels, const std::string& name) {
  const auto found = std::ranges::find(labels, name, &Frequencies::value_type::first);
  return found == labels.end() ? 0 : found->second;
}

/// Puts whole numbers in their order; texts stay by frequency.
void sort_numbers(std::vector<std::string>& names) {
  const auto number = [](const std::string& name) {
    return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
  };
  if (!std::ranges::all_of(names, number)) return;
  std::ranges::sort(names, {}, [](const std::string& name) { return std::pair(name.size(), name); });
}

Json frequencies_json(const Frequencies& frequencies, const char* name) {
  Json list = Json::array();
  for (const auto& [text, count] : frequencies) list.push_back({{name, text}, {"count", count}});
  return list;
}

}  // namespace

void print_labels(const std::vector<SplitSummary>& splits) {
  std::vector<std::string> names;
  for (const SplitSummary& split : splits) {
    for (const auto& [name, count] : split.labels) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  if (names.empty()) return;
  sort_numbers(names);
  const int count = narrow() ? 11 : kCount + 4;
  const int rest = static_cast<int>(table_width()) - count * static_cast<int>(splits.size());
  const int label = narrow() ? std::clamp(rest, 7, kName + kKind) : kName + kKind;
  std::cout << '\n' << padded("label", -label);
  for (const SplitSummary& split : splits) std::cout << padded(split.name, count);
  std::cout << '\n';
  for (std::size_t i = 0; i < std::min(kListed, names.size()); ++i) {
    std::cout << padded(shortened(names[i], static_cast<std::size_t>(label - 1)), -label);
    for (const SplitSummary& split : splits)
      std::cout << padded(std::to_string(count_of(split.labels, names[i])), count);
    std::cout << '\n';
  }
  if (names.size() > kListed) std::cout << "and " << names.size() - kListed << " more\n";
}

Json labels_json(const SplitSummary& split) {
  return frequencies_json(split.labels, "label");
}

namespace {

void add_moments(Json& json, const std::optional<Moments>& moments) {
  if (!moments) return;
  json["min"] = moments->min;
  json["max"] = moments->max;
  json["mean"] = moments->mean;
  json["deviation"] = moments->deviation;
}

Json column_json(const ColumnSummary& column) {
  Json json = {{"name", column.column.name},
               {"kind", column_kind_name(column.column.kind)},
               {"present", column.present},
               {"missing", column.missing}};
  add_moments(json, column.moments);
  if (column.column.kind == ColumnKind::date && column.moments) {
    json["first"] = number_text(column.column, column.moments->min);
    json["last"] = number_text(column.column, column.moments->max);
  }
  if (!column.levels.empty()) json["levels"] = frequencies_json(column.levels, "level");
  if (!column.why.empty()) json["why"] = column.why;
  return json;
}

}  // namespace

void print_data(const Dataset& data, const DatasetSummary& summary) {
  const bool table = !data.schema.empty();
  (table ? print_table_splits : print_splits)(data, summary);
  if (!summary.columns.empty()) print_columns(summary, table);
  if (!table || summary.splits.size() > 1) print_labels(summary.splits);
}

Json data_json(const Dataset& data, const DatasetSummary& summary) {
  Json json = {{"data", data.name}, {"values", data.dims()}, {"type", type_of(data)}};
  const PictureShape shape = data.picture;
  if (shape.is_picture())
    json["picture"] = {{"height", shape.height}, {"width", shape.width}, {"channels", shape.channels}};
  json["splits"] = Json::array();
  for (const SplitSummary& split : summary.splits) {
    Json entry = {{"split", split.name}, {"examples", split.examples}, {"missing", split.missing}};
    if (data.schema.empty()) add_moments(entry, split.moments);
    if (!split.labels.empty()) entry["labels"] = labels_json(split);
    json["splits"].push_back(std::move(entry));
  }
  if (!summary.columns.empty()) {
    json["columns"] = Json::array();
    for (const ColumnSummary& column : summary.columns) json["columns"].push_back(column_json(column));
  }
  json["notes"] = data.notes;
  return json;
}

}  // namespace elbo::command
