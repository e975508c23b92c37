#include "reports/picture_report.h"

#include <algorithm>
#include <iostream>

#include "base/check.h"
#include "base/text.h"
#include "reports/column_table.h"
#include "reports/data_report.h"

namespace elbo::command {
namespace {

constexpr std::size_t kListed = 20;

std::string kind_of(const PictureShape& shape) {
  return shape.channels == 1 ? "grey" : concat(shape.channels, " channels");
}

void print_more(std::size_t all) {
  if (all > kListed) std::cout << "and " << all - kListed << " more\n";
}

void print_sizes(const std::vector<PictureSize>& sizes) {
  std::vector<TableLine> lines = {{"width x height", "kind", "pictures"}};
  for (const auto& [shape, count] : sizes) {
    if (lines.size() > kListed) break;
    lines.push_back({concat(shape.width, " x ", shape.height), kind_of(shape), std::to_string(count)});
  }
  std::cout << '\n';
  print_columns(std::move(lines), 2);
  print_more(sizes.size());
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

void print_files(const PictureSummary& pictures) {
  if (pictures.sizes.size() > 1) print_sizes(pictures.sizes);
  if (pictures.unread.empty()) return;
  const std::size_t unread = pictures.unread.size();
  std::cout << '\n' << unread << (unread == 1 ? " file" : " files") << " cannot be read:\n";
  for (std::size_t i = 0; i < std::min(kListed, pictures.unread.size()); ++i)
    std::cout << "  " << wrapped(first_line(pictures.unread[i]), 2) << '\n';
  print_more(pictures.unread.size());
}

void print_pictures(const std::string& name, const PictureSummary& pictures, const std::string& problem) {
  std::int64_t count = 0;
  for (const SplitSummary& split : pictures.splits) count += split.examples;
  std::cout << name << ": " << count << (count == 1 ? " picture" : " pictures");
  if (pictures.sizes.size() == 1)
    std::cout << ", " << pictures.sizes[0].shape.width << " x " << pictures.sizes[0].shape.height << ", "
              << kind_of(pictures.sizes[0].shape);
  std::cout << "\n\n";
  std::vector<TableLine> lines = {{"split", "pictures"}};
  for (const SplitSummary& split : pictures.splits)
    lines.push_back({split.name, std::to_string(split.examples)});
  print_columns(std::move(lines), 1);
  print_files(pictures);
  print_labels(pictures.splits);
  std::cout << "\nNot to be trained on as they are:\n";
  for (const std::string_view line : data::pieces(problem, '\n'))
    std::cout << "  " << wrapped(std::string(line), 2) << '\n';
}

void add_files(Json& json, const PictureSummary& pictures) {
  json["sizes"] = Json::array();
  for (const auto& [shape, count] : pictures.sizes) {
    json["sizes"].push_back({{"height", shape.height},
                             {"width", shape.width},
                             {"channels", shape.channels},
                             {"pictures", count}});
  }
  json["unread"] = pictures.unread;
}

Json pictures_json(const std::string& name, const PictureSummary& pictures, const std::string& problem) {
  Json json = {{"data", name}, {"problem", problem}, {"splits", Json::array()}, {"notes", pictures.notes}};
  for (const SplitSummary& split : pictures.splits) {
    Json entry = {{"split", split.name}, {"examples", split.examples}};
    if (!split.labels.empty()) entry["labels"] = labels_json(split);
    json["splits"].push_back(std::move(entry));
  }
  add_files(json, pictures);
  return json;
}

}  // namespace elbo::command
