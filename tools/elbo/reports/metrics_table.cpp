#include "reports/metrics_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "io/file.h"

namespace elbo::command {
namespace {

namespace fs = std::filesystem;

/// The values of an epoch by the names of their columns; those of a split after its name.
std::vector<std::pair<std::string, std::string>> cells_of(const Json& epoch) {
  std::vector<std::pair<std::string, std::string>> cells;
  for (const std::string& key : epoch.keys()) {
    const Json& value = epoch.at(key);
    if (value.is_object()) {
      for (const std::string& name : value.keys()) {
        const Json& number = value.at(name);
        cells.emplace_back(key + "_" + name, number.is_number() ? number.dump() : "");
      }
    } else if (value.is_number()) {
      cells.emplace_back(key, value.dump());
    }
  }
  return cells;
}

}  // namespace

std::vector<Json> read_metrics(const fs::path& folder) {
  std::vector<Json> epochs;
  std::error_code error;
  if (!fs::exists(folder / "metrics.jsonl", error)) return epochs;
  const std::string text = io::read_file(folder / "metrics.jsonl", io::kMaxMetricsBytes);
  for (const std::string_view line : data::pieces(text, '\n')) {
    auto epoch = Json::parse(line);
    if (epoch && epoch->is_object()) epochs.push_back(std::move(*epoch));
  }
  return epochs;
}

void write_metrics_csv(const fs::path& file, const std::vector<Json>& epochs) {
  std::vector<std::string> columns;
  std::vector<std::vector<std::pair<std::string, std::string>>> rows;
  for (const Json& epoch : epochs) {
    rows.push_back(cells_of(epoch));
    for (const auto& [name, value] : rows.back()) {
      if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
    }
  }
  std::string text;
  for (const std::string& name : columns) text += (text.empty() ? "" : ",") + name;
  text += '\n';
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const auto cell = std::ranges::find(row, columns[c], &std::pair<std::string, std::string>::first);
      text += concat(c > 0 ? "," : "", cell == row.end() ? std::string() : cell->second);
    }
    text += '\n';
  }
  io::write_file(file, text);
}

}  // namespace elbo::command
