#include "model/schema_text.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "io/json.h"

namespace elbo {
namespace {

using io::JsonValue;

constexpr std::size_t kMaxDepth = 16;  // of what later versions may add

/// A column as far as it is read.
struct Entry {
  std::optional<std::string> name, kind;
  std::vector<std::string> levels;
  std::int64_t origin = 0, times = 0, condition = 0;
};

constexpr std::int64_t kMaxConditions = 1 << 20;

constexpr const char* kDecimal = "decimal";  // of a schema whose numbers have signs
constexpr std::pair<const char*, DecimalSign> kSigns[] = {{"point", DecimalSign::point},
                                                          {"comma", DecimalSign::comma}};

/// Takes the columns of a schema's text.
class SchemaReader {
 public:
  /// False where the value is not of the kind that its place needs. Other keys may have any value.
  bool take(const io::JsonPath& path, JsonValue& value) {
    if (path.empty()) return value.kind == JsonValue::Kind::object;
    if (path[0].key == kDecimal) return path.size() == 1 && take_decimal(value);
    if (path[0].key != "columns") return true;
    if (path.size() == 1) {
      entries_.clear();
      return found_ = value.kind == JsonValue::Kind::list;
    }
    if (path.size() == 2) {
      entries_.emplace_back();
      return value.kind == JsonValue::Kind::object;
    }
    return take_field(path, value);
  }

  /// The columns; nothing if the text has no list of them, or one lacks its name or kind. Throws ConfigError
  /// if a kind is not known.
  std::optional<Schema> finish() {
    if (!found_) return std::nullopt;
    Schema schema;
    schema.decimal = decimal_;
    for (Entry& entry : entries_) {
      if (!entry.name || !entry.kind) return std::nullopt;
      schema.columns.push_back({.name = std::move(*entry.name),
                                .kind = parse_column_kind(*entry.kind),
                                .levels = std::move(entry.levels),
                                .origin = static_cast<double>(entry.origin),
                                .has_times = entry.times != 0,
                                .condition = static_cast<std::int32_t>(entry.condition)});
    }
    return schema;
  }

 private:
  bool take_decimal(const JsonValue& value) {
    for (const auto& [name, sign] : kSigns) {
      if (value.kind != JsonValue::Kind::text || value.text != name) continue;
      decimal_ = sign;
      return true;
    }
    return false;
  }

  bool take_field(const io::JsonPath& path, JsonValue& value) {
    const std::string& field = path[2].key;
    const bool is_text = value.kind == JsonValue::Kind::text;
    if (field == "levels" && path.size() == 3) return value.kind == JsonValue::Kind::list;
    if (field == "levels") {
      entries_.back().levels.push_back(std::move(value.text));
      return is_text && path.size() == 4;
    }
    if (field == "condition") {
      entries_.back().condition = value.whole;
      return value.kind == JsonValue::Kind::whole && value.whole >= 0 && value.whole <= kMaxConditions;
    }
    if (field == "origin" || field == "times") {
      (field == "origin" ? entries_.back().origin : entries_.back().times) = value.whole;
      return value.kind == JsonValue::Kind::whole;
    }
    if (field != "name" && field != "kind") return true;
    (field == "name" ? entries_.back().name : entries_.back().kind) = std::move(value.text);
    return is_text;
  }

  bool found_ = false;
  DecimalSign decimal_ = DecimalSign::automatic;
  std::vector<Entry> entries_;
};

std::string column_text(const Column& column) {
  std::string levels;
  for (const std::string& level : column.levels) {
    levels += concat(levels.empty() ? "" : ",", io::json_string(level));
  }
  if (!levels.empty()) levels = concat("\"levels\":[", levels, "],");
  std::string numbers;
  if (column.origin != 0.0) numbers = concat(",\"origin\":", static_cast<std::int64_t>(column.origin));
  if (column.has_times) numbers += ",\"times\":1";
  if (column.condition > 0) numbers += concat(",\"condition\":", column.condition);
  return concat("{\"kind\":", io::json_string(column_kind_name(column.kind)), ",", levels,
                "\"name\":", io::json_string(column.name), numbers, "}");
}

}  // namespace

std::string schema_to_text(const Schema& schema) {
  std::string columns;
  for (const Column& column : schema.columns)
    columns += concat(columns.empty() ? "" : ",", column_text(column));
  std::string decimal;
  for (const auto& [name, sign] : kSigns) {
    if (schema.decimal == sign) decimal = concat(",\"", kDecimal, "\":\"", name, "\"");
  }
  return concat("{\"columns\":[", columns, "]", decimal, "}");
}

Schema schema_from_text(std::string_view text, std::int64_t dims, std::string_view where) {
  SchemaReader reader;
  std::optional<Schema> read;
  try {
    const auto take = [&](const io::JsonPath& path, JsonValue& value) { return reader.take(path, value); };
    if (io::read_json(text, kMaxDepth, take)) read = reader.finish();
  } catch (const ConfigError& error) {
    throw DataError(concat(where, ": ", error.what()));
  }
  if (!read) throw DataError(concat(where, " is no list of columns. The file is corrupt."));
  Schema& schema = *read;
  const std::int64_t modelled = std::ssize(modelled_columns(schema));
  if (modelled == dims) return std::move(schema);
  throw DataError(concat(where, " has ", modelled, " columns with values, but the model has ", dims,
                         ". The file is corrupt."));
}

}  // namespace elbo
