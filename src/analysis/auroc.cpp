#include <algorithm>
#include <cmath>
#include <numeric>

#include "elbo/analysis.h"
#include "base/check.h"

namespace elbo {

double auroc(std::span<const double> scores, std::span<const std::int32_t> labels) {
  ELBO_CHECK(scores.size() == labels.size(), ShapeError, scores.size(), " scores have ", labels.size(),
             " labels");
  const auto normal = static_cast<double>(std::count(labels.begin(), labels.end(), 0));
  const double anomalies = static_cast<double>(labels.size()) - normal;
  if (normal == 0.0 || anomalies == 0.0) {
    throw DataError(concat("an AUROC needs examples labelled 0 (normal) and others (anomalies), but all ",
                           labels.size(), " are ", normal == 0.0 ? "anomalies" : "normal"));
  }
  if (std::any_of(scores.begin(), scores.end(), [](double s) { return std::isnan(s); }))
    throw DataError("an AUROC needs scores that are numbers, but a score is NaN");

  // Mann & Whitney's statistic from ranks; ties share their mean rank.
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] < scores[b]; });
  double ranks = 0.0;  // sum of the anomalies' ranks, which count from 1
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    double tied_anomalies = 0.0;
    for (end = first; end < order.size() && scores[order[end]] == scores[order[first]]; ++end)
      tied_anomalies += labels[order[end]] != 0;
    ranks += tied_anomalies * 0.5 * static_cast<double>(first + 1 + end);
  }
  return (ranks - 0.5 * anomalies * (anomalies + 1.0)) / (normal * anomalies);
}

}  // namespace elbo
