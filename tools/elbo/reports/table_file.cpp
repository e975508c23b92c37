#include "reports/table_file.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "commands/command.h"
#include "io/npy.h"
#include "reports/value_text.h"

namespace elbo::command {
namespace {

const char* ending(FileKind kind) {
  switch (kind) {
    case FileKind::npy:
      return ".npy";
    case FileKind::csv:
      return ".csv";
    case FileKind::tsv:
      return ".tsv";
    case FileKind::png:
      return ".png";
    case FileKind::svg:
      return ".svg";
  }
  return "";
}

template <class Real>
std::string number(Real value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

}  // namespace

std::string cell_text(const Column& column, float value) {
  if (std::isnan(value)) return "";
  if (column.kind == ColumnKind::date)
    return date_text(static_cast<double>(value) + column.origin, column.has_times);
  if (column.levels.empty()) {
    return column.origin == 0.0 ? number(value) : number(static_cast<double>(value) + column.origin);
  }
  const auto last = std::ssize(column.levels) - 1;
  return column.levels[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(std::lround(value), 0, last))];
}

std::string table_field(const std::string& text, char separator) {
  if (text.find_first_of(concat(separator, "\"\n\r")) == std::string::npos) return text;
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
  return field + '"';
}

FileKind file_kind(const std::filesystem::path& file, const std::vector<FileKind>& allowed) {
  std::string known, its = file.extension().string();
  std::transform(its.begin(), its.end(), its.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const auto kind : allowed) {
    if (its == ending(kind)) return kind;
    known += concat(known.empty() ? "" : " or ", ending(kind));
  }
  if (its == ending(FileKind::png)) {
    throw ConfigError(concat("\"", file.string(), "\" would be a picture, and these data are none; name a ",
                             known, " file."));
  }
  throw ConfigError(
      concat("\"", file.string(), "\" does not say what to write: its name must end in ", known, "."));
}

LeadingTexts leading_texts(const Examples& examples, const Dataset& data) {
  LeadingTexts leading;
  if (!examples.ids.empty()) leading.names.push_back("id");
  if (!examples.labels.empty()) leading.names.push_back("label");
  const std::vector<Column> conditions = condition_columns(data.schema);
  for (const Column& column : conditions) leading.names.push_back(column.name);
  if (leading.names.empty()) return leading;
  for (std::size_t i = 0; i < static_cast<std::size_t>(examples.count); ++i) {
    std::vector<std::string>& row = leading.rows.emplace_back();
    if (!examples.ids.empty()) row.push_back(examples.ids[i]);
    if (!examples.labels.empty())
      row.push_back(examples.labels[i] == kNoLabel ? "" : label_name(data, examples.labels[i]));
    for (std::size_t j = 0; j < conditions.size(); ++j)
      row.push_back(cell_text(conditions[j], examples.conditions.row(static_cast<std::int64_t>(i))[j]));
  }
  return leading;
}

const char* row_word(const Examples& examples) {
  return examples.from_text ? "line" : "row";
}

std::int64_t row_number(const Examples& examples, std::int64_t i) {
  return examples.rows.empty() ? i : examples.rows[static_cast<std::size_t>(i)];
}

TableFile::TableFile(const std::filesystem::path& file, std::int64_t rows, std::vector<std::string> columns,
                     std::vector<std::string> texts, bool doubles)
    : kind_(file_kind(file, {FileKind::npy, FileKind::csv, FileKind::tsv})),
      separator_(kind_ == FileKind::tsv ? '\t' : ','),
      doubles_(doubles),
      rows_(rows),
      columns_(std::ssize(columns)),
      texts_(texts.size()),
      file_(file) {
  if (kind_ == FileKind::npy) {
    ELBO_CHECK(texts.empty(), ConfigError, "a .npy file holds numbers alone");
    const std::int64_t shape[] = {rows_, columns_};
    file_.write(io::npy_header(doubles_ ? "<f8" : "<f4", shape));
    return;
  }
  std::string header;
  bool first = true;
  for (const auto* names : {&texts, &columns}) {
    for (const auto& name : *names) {
      if (!first) header += separator_;
      first = false;
      header += table_field(name, separator_);
    }
  }
  file_.write(header + "\n");
}

void TableFile::write_as(std::vector<Column> columns) {
  as_ = std::move(columns);
  for (const Column& column : as_) {
    if (kind_ != FileKind::npy || column.origin == 0.0) continue;
    tell({concat("values of \"", data::escaped(column.name), "\" are relative to ",
                 static_cast<std::int64_t>(column.origin),
                 " in a .npy file; a .csv file has the whole numbers")});
  }
}

std::string TableFile::field(std::size_t j, float value, const SourceCell* source) const {
  if (source && !source->text.empty()) return table_field(source->text, separator_);
  if (source && source->number) {
    const bool date = !as_.empty() && as_[j].kind == ColumnKind::date;
    return date ? date_text(*source->number, as_[j].has_times) : number(*source->number);
  }
  return as_.empty() ? number(value) : table_field(cell_text(as_[j], value), separator_);
}

void TableFile::append_numbers(const Table& rows, SourceRows sources) {
  if (!doubles_) return file_.write(rows.values.data(), rows.values.size() * sizeof(float));
  std::vector<double> values(rows.values.begin(), rows.values.end());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    for (std::size_t j = 0; j < sources[i].size(); ++j)
      values[i * sources[i].size() + j] = sources[i][j].number.value_or(values[i * sources[i].size() + j]);
  }
  file_.write(values.data(), values.size() * sizeof(double));
}

void TableFile::append(const Table& rows, std::span<const std::vector<std::string>> texts,
                       SourceRows sources) {
  ELBO_CHECK(rows.cols == columns_, ShapeError, "a row has ", rows.cols, " values, not ", columns_);
  ELBO_CHECK(texts_ == 0 || std::ssize(texts) == rows.rows, ShapeError, texts.size(), " rows of text for ",
             rows.rows);
  written_ += rows.rows;
  if (kind_ == FileKind::npy) return append_numbers(rows, sources);
  std::string text;
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    const auto row = static_cast<std::size_t>(i);
    char separator = 0;
    for (std::size_t j = 0; j < texts_; ++j) {
      if (separator) text += separator;
      separator = separator_;
      text += table_field(texts[row][j], separator_);
    }
    for (std::size_t j = 0; j < rows.row(i).size(); ++j) {
      if (separator) text += separator;
      separator = separator_;
      text += field(j, rows.row(i)[j], sources.empty() ? nullptr : &sources[row][j]);
    }
    text += '\n';
  }
  file_.write(text);
}

void TableFile::commit() {
  ELBO_CHECK(written_ == rows_, ShapeError, written_, " rows were written of ", rows_);
  file_.commit();
}

std::vector<std::string> value_names(const Model& model, const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  bool named = false;
  for (const Column& column : model.schema().columns) {
    if (!is_modelled(column)) continue;
    names.push_back(column.name);
    named = named || !column.name.empty();
  }
  if (named) return names;
  return columns.empty() ? numbered("x", model.dims()) : columns;
}

std::vector<std::string> numbered(const std::string& prefix, std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i));
  return names;
}

}  // namespace elbo::command
