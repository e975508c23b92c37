// Uses Jacobi's cyclic rotations of the covariance (Golub & Van Loan 2013, section 8.5), which suit codes of
// tens or hundreds of dimensions.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/neighbours.h"
#include "base/check.h"

namespace elbo {

void analysis::require_finite(const Table& table, const char* what) {
  for (std::size_t i = 0; i < table.values.size(); ++i) {
    if (std::isfinite(table.values[i])) continue;
    throw DataError(concat(what, ": row ", i / static_cast<std::size_t>(table.cols), " holds ",
                           std::isnan(table.values[i]) ? "NaN" : "an infinite value"));
  }
}

namespace {

/// A symmetric matrix and, once diagonal, its eigenvectors.
class Symmetric {
 public:
  explicit Symmetric(std::size_t size) : n(size), a(n * n), vectors(n * n) {
    for (std::size_t i = 0; i < n; ++i) vectors[i * n + i] = 1.0;
  }
  double& at(std::size_t i, std::size_t j) { return a[i * n + j]; }

  /// Sweeps until the off-diagonal entries are negligible beside the diagonal.
  void diagonalize() {
    for (int sweep = 0; sweep < 60; ++sweep) {
      double off = 0.0, on = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        on += at(i, i) * at(i, i);
        for (std::size_t j = 0; j < i; ++j) off += at(i, j) * at(i, j);
      }
      if (off <= 1e-24 * on) return;
      for (std::size_t p = 0; p + 1 < n; ++p) {
        for (std::size_t q = p + 1; q < n; ++q) rotate(p, q);
      }
    }
  }

  std::size_t n;
  std::vector<double> a;
  std::vector<double> vectors;  ///< row i is the eigenvector of at(i, i)

 private:
  void rotate(std::size_t p, std::size_t q) {
    if (at(p, q) == 0.0) return;
    const double theta = 0.5 * (at(q, q) - at(p, p)) / at(p, q);
    const double t = (theta >= 0.0 ? 1.0 : -1.0) / (std::abs(theta) + std::hypot(theta, 1.0));
    const double c = 1.0 / std::hypot(t, 1.0), s = t * c;
    const auto turn = [&](double& x, double& y) {
      const double before = x;
      x = c * before - s * y;
      y = s * before + c * y;
    };
    for (std::size_t k = 0; k < n; ++k) turn(at(k, p), at(k, q));
    for (std::size_t k = 0; k < n; ++k) {
      turn(at(p, k), at(q, k));
      turn(vectors[p * n + k], vectors[q * n + k]);
    }
  }
};

std::vector<double> column_means(const Table& rows) {
  std::vector<double> mean(static_cast<std::size_t>(rows.cols));
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::size_t j = 0; j < mean.size(); ++j) mean[j] += rows.row(i)[j];
  }
  for (double& m : mean) m /= static_cast<double>(rows.rows);
  return mean;
}

Symmetric covariance(const Table& rows, const std::vector<double>& mean) {
  Symmetric result(mean.size());
  std::vector<double> centred(mean.size());
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::size_t j = 0; j < mean.size(); ++j) centred[j] = rows.row(i)[j] - mean[j];
    for (std::size_t j = 0; j < mean.size(); ++j) {
      for (std::size_t k = 0; k <= j; ++k) result.at(j, k) += centred[j] * centred[k];
    }
  }
  for (std::size_t j = 0; j < mean.size(); ++j) {
    for (std::size_t k = 0; k <= j; ++k) {
      result.at(j, k) /= static_cast<double>(rows.rows);
      result.at(k, j) = result.at(j, k);
    }
  }
  return result;
}

}  // namespace

PrincipalComponents principal_components(const Table& rows, std::int64_t count) {
  ELBO_CHECK(count >= 1 && count <= rows.cols, ShapeError, count, " principal components of rows of ",
             rows.cols, " values were asked for");
  if (rows.rows < 1) throw DataError("there are no rows to find principal components of");
  analysis::require_finite(rows, "principal components");
  const auto mean = column_means(rows);
  Symmetric matrix = covariance(rows, mean);
  double variance = 0.0;
  for (std::size_t j = 0; j < mean.size(); ++j) variance += matrix.at(j, j);
  matrix.diagonalize();
  std::vector<std::size_t> order(mean.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](auto i, auto j) { return matrix.at(i, i) > matrix.at(j, j); });

  PrincipalComponents result{{rows.rows, count, {}}, {}};
  std::vector<double> axes;
  for (std::int64_t c = 0; c < count; ++c) {
    const std::size_t which = order[static_cast<std::size_t>(c)];
    const double* vector = matrix.vectors.data() + which * matrix.n;
    const double* largest = std::max_element(vector, vector + matrix.n,
                                             [](double x, double y) { return std::abs(x) < std::abs(y); });
    for (std::size_t j = 0; j < matrix.n; ++j) axes.push_back(*largest < 0.0 ? -vector[j] : vector[j]);
    result.variance_share.push_back(variance > 0.0 ? std::max(matrix.at(which, which), 0.0) / variance : 0.0);
  }
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::int64_t c = 0; c < count; ++c) {
      double sum = 0.0;
      for (std::size_t j = 0; j < matrix.n; ++j)
        sum += (rows.row(i)[j] - mean[j]) * axes[static_cast<std::size_t>(c) * matrix.n + j];
      result.projected.values.push_back(static_cast<float>(sum));
    }
  }
  return result;
}

}  // namespace elbo
