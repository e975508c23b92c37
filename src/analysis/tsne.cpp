#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/affinities.h"
#include "analysis/neighbours.h"
#include "analysis/quadtree.h"
#include "base/check.h"
#include "elbo/device.h"

namespace elbo {
namespace {

using analysis::Point;
using analysis::SparseRows;

constexpr std::int64_t kEarlyIterations = 250;
constexpr double kEarlyExaggeration = 12.0;

/// The first two principal components, scaled so small that no pair repels yet. An even smaller deterministic
/// jitter separates equal rows and gives data on a line a second coordinate.
std::vector<Point> initial_points(const Table& rows) {
  const PrincipalComponents components = principal_components(rows, std::min<std::int64_t>(rows.cols, 2));
  const auto& projected = components.projected;
  double squares = 0.0;
  for (std::int64_t i = 0; i < rows.rows; ++i) squares += std::pow(projected.row(i)[0], 2);
  const double deviation = std::sqrt(squares / static_cast<double>(rows.rows));
  const double scale = deviation > 0.0 ? 1e-4 / deviation : 0.0;
  std::vector<Point> points;
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    const auto row = projected.row(i);
    // The plastic number's powers fill the square evenly (Roberts 2018).
    const double u = std::fmod(0.7548776662466927 * static_cast<double>(i + 1), 1.0) - 0.5;
    const double v = std::fmod(0.5698402909980532 * static_cast<double>(i + 1), 1.0) - 0.5;
    points.push_back({scale * row[0] + 1e-6 * u, (row.size() > 1 ? scale * row[1] : 0.0) + 1e-6 * v});
  }
  return points;
}

/// A quarter of the gradient of KL(P ‖ Q) at each point, with P multiplied by `exaggeration` (van der Maaten
/// 2014, eq. 6).
class Gradient {
 public:
  Gradient(const SparseRows& p, double angle, std::size_t count) : p_(p), tree_(angle), repulsions_(count) {}

  void operator()(std::span<const Point> points, double exaggeration, std::span<Point> gradient) {
    tree_.build(points);
    tree_.repulsions(repulsions_);
    double normalizer = 0.0;
    for (const auto& repulsion : repulsions_) normalizer += repulsion.normalizer;
#pragma omp parallel for schedule(static) num_threads(cpu_threads())
    for (std::size_t i = 0; i < points.size(); ++i) {
      Point attraction;
      for (std::size_t at = p_.starts[i]; at < p_.starts[i + 1]; ++at) {
        const Point& other = points[static_cast<std::size_t>(p_.columns[at])];
        const double dx = points[i].x - other.x, dy = points[i].y - other.y;
        const double weight = p_.values[at] / (1.0 + dx * dx + dy * dy);
        attraction.x += weight * dx;
        attraction.y += weight * dy;
      }
      const Point& force = repulsions_[i].force;
      gradient[i] = {exaggeration * attraction.x - force.x / normalizer,
                     exaggeration * attraction.y - force.y / normalizer};
    }
  }

 private:
  const SparseRows& p_;
  analysis::Quadtree tree_;
  std::vector<analysis::Repulsion> repulsions_;
};

/// Gradient descent with momentum and a gain for each coordinate, which grows while the coordinate keeps its
/// direction (Jacobs 1988), as in van der Maaten & Hinton 2008.
class Descent {
 public:
  explicit Descent(std::size_t count) : gain_(count, {1.0, 1.0}), velocity_(count) {}

  void step(std::span<Point> points, std::span<const Point> gradient, double rate) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      move(points[i].x, velocity_[i].x, gain_[i].x, gradient[i].x, rate);
      move(points[i].y, velocity_[i].y, gain_[i].y, gradient[i].y, rate);
    }
  }

 private:
  static void move(double& at, double& velocity, double& gain, double gradient, double rate) {
    constexpr double kMomentum = 0.8, kMinGain = 0.01, kLongestStep = 5.0;
    gain = std::max((gradient > 0.0) != (velocity > 0.0) ? gain + 0.2 : 0.8 * gain, kMinGain);
    velocity = std::clamp(kMomentum * velocity - rate * gain * gradient, -kLongestStep, kLongestStep);
    at += velocity;
  }

  std::vector<Point> gain_, velocity_;
};

void check(const Table& rows, const TsneOptions& options) {
  if (rows.rows < 4) throw DataError(concat("t-SNE needs four rows or more, not ", rows.rows));
  if (!(options.perplexity >= 1.0 && options.perplexity <= 1e6))
    throw ConfigError(concat("a perplexity is at least 1, not ", options.perplexity));
  if (options.iterations < 0) throw ConfigError(concat(options.iterations, " iterations were asked for"));
  // With a larger angle, a cell that counts as one point may contain the point itself.
  if (!(options.angle >= 0.0 && options.angle <= 0.7))
    throw ConfigError(concat("Barnes-Hut's angle is from 0 to 0.7, not ", options.angle));
  analysis::require_finite(rows, "t-SNE");
}

}  // namespace

Table tsne(const Table& rows, const TsneOptions& options) {
  check(rows, options);
  const double perplexity = std::min(options.perplexity, static_cast<double>(rows.rows - 1) / 3.0);
  const SparseRows p = analysis::affinities(rows, perplexity);
  std::vector<Point> points = initial_points(rows), gradient(points.size());
  Gradient gradient_of(p, options.angle, points.size());
  const auto n = static_cast<double>(rows.rows);
  std::optional<Descent> descent;
  for (std::int64_t i = 0; i < options.iterations; ++i) {
    if (i == 0 || i == kEarlyIterations) descent.emplace(points.size());
    const double exaggeration = i < kEarlyIterations ? kEarlyExaggeration : 1.0;
    gradient_of(points, exaggeration, gradient);
    descent->step(points, gradient, std::max(n / exaggeration, 200.0));  // Belkina et al. 2019
  }

  Point centre;
  for (const Point& point : points) centre = {centre.x + point.x / n, centre.y + point.y / n};
  Table result{rows.rows, 2, {}};
  for (const Point& point : points) {
    result.values.push_back(static_cast<float>(point.x - centre.x));
    result.values.push_back(static_cast<float>(point.y - centre.y));
  }
  return result;
}

}  // namespace elbo
