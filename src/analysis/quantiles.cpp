// Quantiles, and the place of values among others.

#include <algorithm>
#include <cmath>

#include "elbo/analysis.h"
#include "base/check.h"

namespace elbo {
namespace {

std::vector<double> sorted(std::span<const double> values) {
  if (values.empty()) throw DataError("there are no values to compare with");
  if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }))
    throw DataError("a value to compare with is NaN");
  std::vector<double> order(values.begin(), values.end());
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace

double quantile(std::span<const double> values, double q) {
  if (!(q >= 0.0 && q <= 1.0)) throw ConfigError(concat("a quantile is from 0 to 1, not ", q));
  const std::vector<double> order = sorted(values);
  const double place = q * static_cast<double>(order.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double low = order[below], high = order[std::min(below + 1, order.size() - 1)];
  if (low == high) return low;  // two infinities have no difference
  return low + (place - static_cast<double>(below)) * (high - low);
}

std::vector<double> percentile_ranks(std::span<const double> values, std::span<const double> reference) {
  const std::vector<double> order = sorted(reference);
  std::vector<double> ranks;
  ranks.reserve(values.size());
  for (const double value : values) {
    if (std::isnan(value)) throw DataError("a value without a percentile: it is NaN");
    const auto [first, end] = std::equal_range(order.begin(), order.end(), value);
    const auto below = static_cast<double>(first - order.begin()), equal = static_cast<double>(end - first);
    ranks.push_back(100.0 * (below + 0.5 * equal) / static_cast<double>(order.size()));
  }
  return ranks;
}

}  // namespace elbo
