#include "reports/anomaly_report.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/check.h"
#include "base/text.h"
#include "reports/column_table.h"
#include "reports/table_file.h"
#include "reports/value_text.h"
#include "reports/width.h"

namespace elbo::command {
namespace {

constexpr std::size_t kColumns = 3;  // named of each row

std::string score_column(const std::string& score) {
  return score == "elbo" ? "negative_elbo" : score;
}

/// The i-th example's value j, as its owner writes it.
class Values {
 public:
  explicit Values(const AnomalyReport& report)
      : examples_(*report.examples), columns_(modelled_columns(report.data->schema)) {
    columns_.resize(static_cast<std::size_t>(examples_.dims));
  }
  std::string text(std::int64_t i, std::int64_t j) const {
    return value_text(columns_[static_cast<std::size_t>(j)], examples_.value(i, j));
  }

 private:
  const Examples& examples_;
  std::vector<Column> columns_;
};

std::string compared_with(const Normals& normals) {
  if (normals.split.empty()) return "each other";
  return concat(normals.scores.size(), ' ', normals.split, " examples of ",
                std::filesystem::path(normals.data).filename().string(),
                normals.split == "train" ? ", which were trained on" : "");
}

std::string rule_of(const AnomalyReport& report) {
  const Threshold& threshold = report.threshold;
  if (threshold.by_contamination)
    return concat("the highest ", short_number(100.0 * threshold.share), " % of these (--contamination)");
  return concat("above ", short_number(100.0 * threshold.share), " % of those (--normal-quantile)");
}

void line(const std::string& label, const std::string& text) {
  std::cout << padded(label, -15) << wrapped(text, 15) << '\n';
}

void print_summary(const Model& model, const AnomalyReport& report) {
  line("examples", std::to_string(report.examples->count));
  const bool drawn = report.score != "squared_error";
  line("score", concat(score_label(model.recipe(), report.score),
                       drawn ? concat(", nats, of ", report.samples, " samples") : ""));
  line("compared with", compared_with(report.normals));
  line("threshold", concat(fixed(report.threshold.value), ": ", rule_of(report)));
  const double share = 100.0 * static_cast<double>(report.flagged_count()) /
                       static_cast<double>(std::max<std::int64_t>(report.examples->count, 1));
  line("flagged", concat(report.flagged_count(), " (", fixed(share, 1), " %)"));
}

/// "income = 9e+06 (+20.30)  age = 17 (+2.10)": the columns that cost most.
void print_columns(const AnomalyReport& report, const Values& values, std::size_t i) {
  const std::size_t width = table_width();
  const std::string indent(6, ' ');
  std::string text = indent;
  for (const CostlyValue& costly : costliest(report, i, kColumns)) {
    const std::string rest = concat(" = ", shortened(values.text(report.top[i], costly.value), 16), " (",
                                    costly.above < 0.0 ? "" : "+", fixed(costly.above), ")");
    const std::size_t taken = std::min(indent.size() + 2 + characters(rest), width);
    const std::string name = shortened(report.names[static_cast<std::size_t>(costly.value)],
                                       std::clamp<std::size_t>(width - taken, 8, 24));
    const std::string part = "  " + name + rest;
    if (characters(text) + characters(part) > width && text != indent) {
      std::cout << text << '\n';
      text = indent;
    }
    text += part;
  }
  std::cout << text << '\n';
}

/// The columns of the strangest examples. Where the terminal is too narrow, figures get a line of their own.
struct TopLayout {
  static constexpr int kNumber = 8, kScore = 12;
  bool ids, labels, narrow;
  int id = 20, label = 14;

  explicit TopLayout(const Examples& examples)
      : ids(!examples.ids.empty()), labels(!examples.labels.empty()) {
    const int figures = 2 * kScore + 9, width = static_cast<int>(table_width());
    narrow = kNumber + (ids ? 2 + id : 0) + (labels ? 2 + label : 0) + figures > width;
    if (narrow) label = std::clamp(width - kNumber - (ids ? 2 + id : 0) - 2, 8, 14);
  }
  /// The beginning of a line, and what leads to the figures.
  std::string line(const std::string& number, const std::string& its_id, const std::string& its_label) const {
    std::string text = padded(number, kNumber);
    if (ids) text += "  " + padded(shortened(its_id, static_cast<std::size_t>(id)), -id);
    if (labels) text += "  " + padded(shortened(its_label, static_cast<std::size_t>(label)), -label);
    if (narrow) text.erase(text.find_last_not_of(' ') + 1);
    return narrow ? text + "\n      " : text;
  }
};

void print_top(const AnomalyReport& report) {
  const Examples& examples = *report.examples;
  const bool pictures = report.data->picture.is_picture();
  const TopLayout layout(examples);
  const Values values(report);
  std::cout << '\n'
            << layout.line(row_word(examples), "id", "label") << padded("score", layout.kScore)
            << padded("percentile", layout.kScore) << '\n';
  for (std::size_t i = 0; i < report.top.size(); ++i) {
    const auto at = static_cast<std::size_t>(report.top[i]);
    std::cout << layout.line(std::to_string(row_number(examples, report.top[i])),
                             layout.ids ? examples.ids[at] : "",
                             layout.labels ? label_name(*report.data, examples.labels[at]) : "")
              << padded(fixed(report.scores[at]), layout.kScore)
              << padded(fixed(report.percentiles[at], 1), layout.kScore)
              << (report.flagged(at) ? "  flagged\n" : "\n");
    if (!pictures) print_columns(report, values, i);
  }
  if (!pictures)
    std::cout << wrapped("Below each: what costs most, by the nats above that column's average.") << '\n';
}

/// The keys that each example has.
Json row_json(const AnomalyReport& report, std::int64_t i) {
  const Examples& examples = *report.examples;
  const auto at = static_cast<std::size_t>(i);
  Json row = {{row_word(examples), row_number(examples, i)}};
  if (!examples.ids.empty()) row["id"] = examples.ids[at];
  if (!examples.labels.empty()) {
    const bool none = examples.labels[at] == kNoLabel;
    row["label"] = none ? Json() : Json(label_name(*report.data, examples.labels[at]));
  }
  row["score"] = report.scores[at];
  row["percentile"] = report.percentiles[at];
  row["flagged"] = report.flagged(at);
  return row;
}

Json columns_json(const AnomalyReport& report, const Values& values, std::size_t i) {
  Json list = Json::array();
  for (const CostlyValue& costly : costliest(report, i, kColumns)) {
    list.push_back({{"column", report.names[static_cast<std::size_t>(costly.value)]},
                    {"value", values.text(report.top[i], costly.value)},
                    {"cost", costly.cost},
                    {"above_average", costly.above}});
  }
  return list;
}

}  // namespace

std::int64_t AnomalyReport::flagged_count() const {
  return std::count_if(scores.begin(), scores.end(), [&](double score) { return score > threshold.value; });
}

std::vector<CostlyValue> costliest(const AnomalyReport& report, std::size_t i, std::size_t count) {
  std::vector<CostlyValue> values;
  const auto costs = report.costs.row(static_cast<std::int64_t>(i));
  for (std::size_t j = 0; j < costs.size(); ++j) {
    if (std::isnan(costs[j])) continue;
    const double usual = std::isnan(report.normals.usual[j]) ? 0.0 : report.normals.usual[j];
    values.push_back({static_cast<std::int64_t>(j), costs[j], costs[j] - usual});
  }
  std::ranges::stable_sort(values, std::ranges::greater(), &CostlyValue::above);
  values.resize(std::min(values.size(), count));
  return values;
}

void print_anomalies(const Model& model, const AnomalyReport& report) {
  print_summary(model, report);
  if (report.labels) print_auroc(model.recipe(), report.all, *report.labels);
  print_top(report);
  if (!report.picture.empty()) {
    std::cout << '\n'
              << wrapped(concat(report.picture, ": these ", report.top.size(),
                                ", their reconstructions and what each pixel costs"))
              << '\n';
  }
}

void add_anomalies(Json& json, const AnomalyReport& report) {
  json["examples"] = report.examples->count;
  json["score"] = report.score;
  json["samples"] = report.samples;
  const bool compared = !report.normals.split.empty();
  json["compared_with"] = compared ? Json{{"data", report.normals.data},
                                          {"split", report.normals.split},
                                          {"examples", report.normals.scores.size()}}
                                   : Json();
  json["rule"] = report.threshold.by_contamination ? "contamination" : "normal_quantile";
  json[report.threshold.by_contamination ? "contamination" : "normal_quantile"] = report.threshold.share;
  json["threshold"] = report.threshold.value;
  json["flagged"] = report.flagged_count();
  if (report.labels) add_auroc(json, report.all, *report.labels);
  const bool pictures = report.data->picture.is_picture();
  const Values values(report);
  json["top"] = Json::array();
  for (std::size_t i = 0; i < report.top.size(); ++i) {
    Json row = row_json(report, report.top[i]);
    if (!pictures) row["columns"] = columns_json(report, values, i);
    json["top"].push_back(std::move(row));
  }
  if (!report.picture.empty()) json["picture"] = report.picture;
  json["rows"] = Json::array();
  for (std::int64_t i = 0; i < report.examples->count; ++i) json["rows"].push_back(row_json(report, i));
}

void write_anomalies(const std::filesystem::path& file, const AnomalyReport& report) {
  const Examples& examples = *report.examples;
  LeadingTexts leading = leading_texts(examples, *report.data);
  leading.names.insert(leading.names.begin(), row_word(examples));
  leading.rows.resize(static_cast<std::size_t>(examples.count));
  Table rows{examples.count, 3, {}};
  for (std::size_t i = 0; i < report.scores.size(); ++i) {
    auto& texts = leading.rows[i];
    texts.insert(texts.begin(), std::to_string(row_number(examples, static_cast<std::int64_t>(i))));
    for (const double value : {report.scores[i], report.percentiles[i], report.flagged(i) ? 1.0 : 0.0})
      rows.values.push_back(static_cast<float>(value));
  }
  TableFile table(file, examples.count, {score_column(report.score), "percentile", "flagged"}, leading.names);
  table.append(rows, leading.rows);
  table.commit();
}

}  // namespace elbo::command
