#include "model/schema_text.h"

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace elbo {
namespace {

using Json = nlohmann::json;

Column column_of(const Json& json) {
  Column column;
  column.name = json.at("name").get<std::string>();
  column.kind = parse_column_kind(json.at("kind").get<std::string>());
  if (json.contains("origin")) column.origin = json.at("origin").get<double>();
  if (json.contains("times")) column.has_times = json.at("times").get<bool>();
  if (json.contains("levels")) column.levels = json.at("levels").get<std::vector<std::string>>();
  return column;
}

}  // namespace

std::string schema_to_text(const Schema& schema) {
  Json columns = Json::array();
  for (const Column& column : schema.columns) {
    Json json = {{"name", column.name}, {"kind", column_kind_name(column.kind)}};
    if (!column.levels.empty()) json["levels"] = column.levels;
    if (column.origin != 0.0) json["origin"] = column.origin;
    if (column.has_times) json["times"] = true;
    columns.push_back(std::move(json));
  }
  return Json{{"columns", std::move(columns)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Schema schema_from_text(std::string_view text, std::int64_t dims, std::string_view where) {
  Schema schema;
  try {
    const Json document = Json::parse(text);
    for (const Json& json : document.at("columns")) schema.columns.push_back(column_of(json));
  } catch (const Json::exception&) {
    throw DataError(concat(where, " is no list of columns. The file is corrupt."));
  } catch (const ConfigError& error) {
    throw DataError(concat(where, ": ", error.what()));
  }
  const std::int64_t modelled = std::ssize(modelled_columns(schema));
  if (modelled == dims) return schema;
  throw DataError(concat(where, " has ", modelled, " columns with values, but the model has ", dims,
                         ". The file is corrupt."));
}

}  // namespace elbo
