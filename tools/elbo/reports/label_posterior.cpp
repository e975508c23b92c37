#include "reports/label_posterior.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>

#include "reports/table_file.h"
#include "reports/width.h"

namespace elbo::command {
namespace {

bool has_own(const std::vector<std::int32_t>& labels, std::size_t i) {
  return !labels.empty() && labels[i] != kNoLabel;
}

}  // namespace

LabelPosterior label_posterior(const Table& costs, std::vector<std::string> names,
                               const std::vector<std::int32_t>& labels) {
  LabelPosterior made{std::move(names), {costs.rows, costs.cols, {}}, {}, {}};
  for (std::int64_t i = 0; i < costs.rows; ++i) {
    const auto row = costs.row(i);
    const auto best = std::ranges::min_element(row) - row.begin();
    const double least = row[static_cast<std::size_t>(best)];
    double sum = 0.0;
    for (const float cost : row) sum += std::exp(least - cost);
    for (const float cost : row)
      made.probabilities.values.push_back(static_cast<float>(std::exp(least - cost) / sum));
    made.likeliest.push_back(static_cast<std::int32_t>(best));
    const auto at = static_cast<std::size_t>(i);
    const auto own = has_own(labels, at) ? static_cast<std::size_t>(labels[at]) : row.size();
    made.log_ratio.push_back(own < row.size() ? row[own] - least : 0.0);
  }
  return made;
}

std::optional<LabelMetrics> label_metrics(const LabelPosterior& posterior,
                                          const std::vector<std::int32_t>& labels) {
  struct Bin {
    double count = 0.0, right = 0.0, sure = 0.0;
  };
  std::array<Bin, 10> bins;
  LabelMetrics found;
  double right = 0.0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == kNoLabel) continue;
    const auto row = static_cast<std::int64_t>(i);
    const double sure = posterior.probability(row, posterior.likeliest[i]);
    const double own = std::max(posterior.probability(row, labels[i]), 1e-30f);
    const bool is_right = posterior.likeliest[i] == labels[i];
    Bin& bin = bins[std::min<std::size_t>(static_cast<std::size_t>(10.0 * sure), bins.size() - 1)];
    bin.count += 1.0;
    bin.right += is_right;
    bin.sure += sure;
    right += is_right;
    found.log_loss -= std::log(own);
    ++found.examples;
  }
  if (found.examples == 0) return std::nullopt;
  const auto count = static_cast<double>(found.examples);
  found.accuracy = right / count;
  found.log_loss /= count;
  for (const Bin& bin : bins) found.calibration_error += std::abs(bin.right - bin.sure) / count;
  return found;
}

std::vector<std::int64_t> suspects(const LabelPosterior& posterior) {
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < std::ssize(posterior.log_ratio); ++i)
    if (posterior.log_ratio[static_cast<std::size_t>(i)] > 0.0) order.push_back(i);
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](std::int64_t i) { return posterior.log_ratio[static_cast<std::size_t>(i)]; });
  return order;
}

void write_posterior(const std::filesystem::path& file, const LabelPosterior& posterior,
                     const Examples& examples, const Dataset& data) {
  LeadingTexts leading = leading_texts(examples, data);
  leading.names.insert(leading.names.begin(), row_word(examples));
  leading.names.push_back("likeliest");
  leading.rows.resize(static_cast<std::size_t>(examples.count));
  std::vector<std::string> columns = {"probability", "log_ratio"};
  for (const std::string& name : posterior.names) columns.push_back("p(" + name + ")");
  TableFile table(file, examples.count, columns, leading.names);
  for (std::int64_t i = 0; i < examples.count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const std::int32_t likeliest = posterior.likeliest[at];
    auto& texts = leading.rows[at];
    texts.insert(texts.begin(), std::to_string(row_number(examples, i)));
    texts.push_back(posterior.names[static_cast<std::size_t>(likeliest)]);
    Table row{1,
              std::ssize(columns),
              {posterior.probability(i, likeliest), static_cast<float>(posterior.log_ratio[at])}};
    const auto all = posterior.probabilities.row(i);
    row.values.insert(row.values.end(), all.begin(), all.end());
    table.append(row, std::span(leading.rows).subspan(at, 1));
  }
  table.commit();
}

void print_suspects(const LabelPosterior& posterior, const std::vector<std::int64_t>& order,
                    std::int64_t count, const Examples& examples, const Dataset& data) {
  if (order.empty()) return;
  constexpr int kNumber = 8, kFigure = 11;
  const int room = static_cast<int>(table_width()) - kNumber - 2 - kFigure;
  const bool narrow = room < 40;  // without the probability
  const int name = std::clamp((narrow ? room : room - kFigure) / 2, 8, 24);
  const auto line = [&](const std::string& number, const std::string& own, const std::string& likeliest,
                        const std::string& ratio, const std::string& probability) {
    const auto named = [&](const std::string& text) {
      return padded(shortened(text, static_cast<std::size_t>(name - 1)), -name);
    };
    std::cout << padded(number, kNumber) << "  " << named(own) << named(likeliest) << padded(ratio, kFigure)
              << (narrow ? "" : padded(probability, kFigure)) << '\n';
  };
  std::cout << '\n';
  line(row_word(examples), "label", "likeliest", "log ratio", "p(label)");
  for (std::int64_t k = 0; k < std::min(count, std::ssize(order)); ++k) {
    const std::int64_t i = order[static_cast<std::size_t>(k)];
    const auto at = static_cast<std::size_t>(i);
    line(std::to_string(row_number(examples, i)), label_name(data, examples.labels[at]),
         posterior.names[static_cast<std::size_t>(posterior.likeliest[at])], fixed(posterior.log_ratio[at]),
         fixed(posterior.probability(i, examples.labels[at]), 4));
  }
}

Json suspects_json(const LabelPosterior& posterior, const std::vector<std::int64_t>& order,
                   std::int64_t count, const Examples& examples, const Dataset& data) {
  Json list = Json::array();
  for (std::int64_t k = 0; k < std::min(count, std::ssize(order)); ++k) {
    const std::int64_t i = order[static_cast<std::size_t>(k)];
    const auto at = static_cast<std::size_t>(i);
    Json row = {{row_word(examples), row_number(examples, i)}};
    if (!examples.ids.empty()) row["id"] = examples.ids[at];
    row["label"] = label_name(data, examples.labels[at]);
    row["likeliest"] = posterior.names[static_cast<std::size_t>(posterior.likeliest[at])];
    row["log_ratio"] = posterior.log_ratio[at];
    row["probability"] = static_cast<double>(posterior.probability(i, examples.labels[at]));
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace elbo::command
