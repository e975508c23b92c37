#include "analysis/neighbours.h"

#include <algorithm>

#include "base/check.h"
#include "base/parallel.h"
#include "elbo/device.h"

namespace elbo {
namespace analysis {

Columns::Columns(const Table& table)
    : rows_(static_cast<std::size_t>(table.rows)),
      cols_(static_cast<std::size_t>(table.cols)),
      values_(rows_ * cols_) {
  for (std::size_t i = 0; i < rows_; ++i) {
    for (std::size_t j = 0; j < cols_; ++j) values_[j * rows_ + i] = table.values[i * cols_ + j];
  }
}

void Columns::squared_distances(std::span<const float> point, std::span<float> distances) const {
  constexpr std::size_t kTile = 1024;  // sums that fit the first-level cache
  for (std::size_t first = 0; first < rows_; first += kTile) {
    const std::size_t count = std::min(kTile, rows_ - first);
    float* sums = distances.data() + first;
    std::fill_n(sums, count, 0.0f);
    for (std::size_t j = 0; j < cols_; ++j) {
      const float* column = values_.data() + j * rows_ + first;
      const float value = point[j];
      for (std::size_t i = 0; i < count; ++i) sums[i] += (value - column[i]) * (value - column[i]);
    }
  }
}

}  // namespace analysis

namespace {

/// Neighbours of each of `queries`. With `others_only`, row i of the points is not a neighbour of query i.
Neighbours find(const Table& queries, const Table& points, std::int64_t k, bool others_only) {
  ELBO_CHECK(queries.cols == points.cols, ShapeError, "rows have ", queries.cols, " values, the points have ",
             points.cols);
  const std::int64_t available = points.rows - (others_only ? 1 : 0);
  ELBO_CHECK(k >= 1 && k <= available, ShapeError, k, " neighbours were asked for among ", available);
  const analysis::Columns columns(points);
  Neighbours result;
  result.k = k;
  result.rows.resize(static_cast<std::size_t>(queries.rows * k));
  result.squared_distances.resize(result.rows.size());
  ParallelError error;
#pragma omp parallel num_threads(cpu_threads())
  {
    std::vector<float> distances;
    std::vector<std::int32_t> order;
    error.guard([&] {
      distances.resize(static_cast<std::size_t>(points.rows));
      order.reserve(distances.size());
    });
    const auto of_query = [&](std::int64_t i) {
      columns.squared_distances(queries.row(i), distances);
      order.resize(distances.size());
      for (std::size_t j = 0; j < order.size(); ++j) order[j] = static_cast<std::int32_t>(j);
      if (others_only) order.erase(order.begin() + i);
      const auto nearer = [&](std::int32_t a, std::int32_t b) {
        const float da = distances[static_cast<std::size_t>(a)], db = distances[static_cast<std::size_t>(b)];
        return da < db || (da == db && a < b);
      };
      std::nth_element(order.begin(), order.begin() + (k - 1), order.end(), nearer);
      std::sort(order.begin(), order.begin() + k, nearer);
      for (std::int64_t n = 0; n < k; ++n) {
        const auto row = order[static_cast<std::size_t>(n)];
        result.rows[static_cast<std::size_t>(i * k + n)] = row;
        result.squared_distances[static_cast<std::size_t>(i * k + n)] =
            distances[static_cast<std::size_t>(row)];
      }
    };
#pragma omp for schedule(static)
    for (std::int64_t i = 0; i < queries.rows; ++i) error.guard([&] { of_query(i); });
  }
  error.rethrow();
  return result;
}

}  // namespace

Neighbours nearest_neighbours(const Table& queries, const Table& points, std::int64_t k) {
  return find(queries, points, k, false);
}

Neighbours nearest_neighbours(const Table& points, std::int64_t k) {
  return find(points, points, k, true);
}

double trustworthiness(const Table& data, const Table& embedding, std::int64_t k) {
  const std::int64_t n = data.rows;
  ELBO_CHECK(embedding.rows == n, ShapeError, n, " rows have an embedding of ", embedding.rows);
  ELBO_CHECK(k >= 1 && 2 * k < n, ShapeError, "trustworthiness of ", k, " neighbours needs more than ", 2 * k,
             " rows, not ", n);
  const Neighbours near = nearest_neighbours(embedding, k);
  const analysis::Columns columns(data);
  std::vector<double> penalties(static_cast<std::size_t>(n));
  ParallelError error;
#pragma omp parallel num_threads(cpu_threads())
  {
    std::vector<float> distances;
    error.guard([&] { distances.resize(static_cast<std::size_t>(n)); });
    const auto of_row = [&](std::int64_t i) {
      columns.squared_distances(data.row(i), distances);
      double penalty = 0.0;
      for (std::int64_t m = 0; m < k; ++m) {
        const std::int64_t j = near.rows[static_cast<std::size_t>(i * k + m)];
        const float distance = distances[static_cast<std::size_t>(j)];
        std::int64_t rank = 1;  // j's rank among the neighbours of i in the data, from 1
        for (std::int64_t other = 0; other < n; ++other) {
          const float its = distances[static_cast<std::size_t>(other)];
          rank += other != i && (its < distance || (its == distance && other < j));
        }
        penalty += static_cast<double>(std::max<std::int64_t>(rank - k, 0));
      }
      penalties[static_cast<std::size_t>(i)] = penalty;
    };
#pragma omp for schedule(static)
    for (std::int64_t i = 0; i < n; ++i) error.guard([&] { of_row(i); });
  }
  error.rethrow();
  double total = 0.0;
  for (const double penalty : penalties) total += penalty;
  const auto size = static_cast<double>(n), count = static_cast<double>(k);
  return 1.0 - 2.0 / (size * count * (2.0 * size - 3.0 * count - 1.0)) * total;
}

}  // namespace elbo
