#include "analysis/affinities.h"

#include <algorithm>
#include <cmath>

#include "elbo/device.h"

namespace elbo::analysis {
namespace {

/// Writes p = exp(−β d²), normalised, with the β that gives it the entropy `wanted` (nats). Squared distances
/// come nearest first.
void to_probabilities(std::span<const float> squared_distances, double wanted, std::span<double> p) {
  double beta = 1.0, low = 0.0, high = INFINITY;
  const double nearest = squared_distances[0];
  for (int tries = 0; tries < 200; ++tries) {
    double sum = 0.0, moment = 0.0;
    for (std::size_t j = 0; j < p.size(); ++j) {
      const double excess = squared_distances[j] - nearest;
      p[j] = std::exp(-beta * excess);
      sum += p[j];
      moment += p[j] * excess;
    }
    for (double& value : p) value /= sum;
    const double entropy = std::log(sum) + beta * moment / sum;
    if (std::abs(entropy - wanted) < 1e-7 || beta > 1e100 || beta < 1e-100) return;
    (entropy > wanted ? low : high) = beta;
    beta = high == INFINITY ? 2.0 * beta : 0.5 * (low + high);
  }
}

struct Entry {
  std::int32_t column;
  double value;
};

}  // namespace

SparseRows affinities(const Table& rows, double perplexity) {
  const std::int64_t n = rows.rows;
  const auto k = std::clamp<std::int64_t>(static_cast<std::int64_t>(3.0 * perplexity), 1, n - 1);
  const Neighbours near = nearest_neighbours(rows, k);
  std::vector<double> conditional(near.rows.size());
  const double entropy = std::log(std::min(perplexity, static_cast<double>(k)));
#pragma omp parallel for schedule(static) num_threads(cpu_threads())
  for (std::int64_t i = 0; i < n; ++i) {
    const auto first = static_cast<std::size_t>(i * k), count = static_cast<std::size_t>(k);
    to_probabilities(std::span(near.squared_distances).subspan(first, count), entropy,
                     std::span(conditional).subspan(first, count));
  }

  std::vector<std::vector<Entry>> entries(static_cast<std::size_t>(n));
  const double half = 0.5 / static_cast<double>(n);
  for (std::size_t at = 0; at < near.rows.size(); ++at) {
    const auto i = static_cast<std::int32_t>(at / static_cast<std::size_t>(k)), j = near.rows[at];
    entries[static_cast<std::size_t>(i)].push_back({j, half * conditional[at]});
    entries[static_cast<std::size_t>(j)].push_back({i, half * conditional[at]});
  }
  SparseRows result;
  for (auto& row : entries) {
    result.starts.push_back(result.columns.size());
    std::stable_sort(row.begin(), row.end(),
                     [](const Entry& a, const Entry& b) { return a.column < b.column; });
    for (const Entry& entry : row) {
      if (result.columns.size() > result.starts.back() && result.columns.back() == entry.column) {
        result.values.back() += entry.value;
      } else {
        result.columns.push_back(entry.column);
        result.values.push_back(entry.value);
      }
    }
  }
  result.starts.push_back(result.columns.size());
  return result;
}

}  // namespace elbo::analysis
