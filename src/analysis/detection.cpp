// How well scores tell anomalies from normal examples.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "elbo/analysis.h"
#include "base/check.h"

namespace elbo {
namespace {

/// What the figures need of their input; `figure` names it in errors.
struct Detection {
  Detection(std::string_view figure, std::span<const double> scores, std::span<const std::int32_t> labels)
      : normal(static_cast<double>(std::count(labels.begin(), labels.end(), 0))),
        anomalies(static_cast<double>(labels.size()) - normal),
        order(scores.size()) {
    ELBO_CHECK(scores.size() == labels.size(), ShapeError, scores.size(), " scores have ", labels.size(),
               " labels");
    if (normal == 0.0 || anomalies == 0.0) {
      throw DataError(concat(figure, " needs examples labelled 0 (normal) and others (anomalies), but all ",
                             labels.size(), " are ", normal == 0.0 ? "anomalies" : "normal"));
    }
    if (std::any_of(scores.begin(), scores.end(), [](double s) { return std::isnan(s); }))
      throw DataError(concat(figure, " needs scores that are numbers, but a score is NaN"));
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] < scores[b]; });
  }

  double normal, anomalies;        ///< how many there are
  std::vector<std::size_t> order;  ///< the examples by rising score
};

}  // namespace

double auroc(std::span<const double> scores, std::span<const std::int32_t> labels) {
  const Detection found("an AUROC", scores, labels);
  // Mann & Whitney's statistic from ranks; ties share their mean rank.
  const auto& order = found.order;
  double ranks = 0.0;  // sum of the anomalies' ranks, which count from 1
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    double tied_anomalies = 0.0;
    for (end = first; end < order.size() && scores[order[end]] == scores[order[first]]; ++end)
      tied_anomalies += labels[order[end]] != 0;
    ranks += tied_anomalies * 0.5 * static_cast<double>(first + 1 + end);
  }
  return (ranks - 0.5 * found.anomalies * (found.anomalies + 1.0)) / (found.normal * found.anomalies);
}

double average_precision(std::span<const double> scores, std::span<const std::int32_t> labels) {
  const Detection found("an average precision", scores, labels);
  const auto& order = found.order;
  double sum = 0.0, caught = 0.0;  // caught: anomalies with the threshold's score or more
  for (std::size_t begin = order.size(); begin > 0;) {
    const double threshold = scores[order[begin - 1]];
    double tied_anomalies = 0.0;
    for (; begin > 0 && scores[order[begin - 1]] == threshold; --begin)
      tied_anomalies += labels[order[begin - 1]] != 0;
    caught += tied_anomalies;
    sum += tied_anomalies * caught / static_cast<double>(order.size() - begin);
  }
  return sum / found.anomalies;
}

}  // namespace elbo
