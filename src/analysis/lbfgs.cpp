#include "analysis/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace elbo::analysis {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void add(Vector& to, double factor, const Vector& what) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * what[i];
}

/// The latest steps and how the gradient changed along them.
class Curvature {
 public:
  void remember(Vector step, Vector change) {
    const double product = dot(step, change);
    if (product <= 1e-12 * dot(change, change)) return;  // would make the metric indefinite
    pairs_.push_back({std::move(step), std::move(change), 1.0 / product});
    if (pairs_.size() > 10) pairs_.pop_front();
  }

  /// −H g by the two-loop recursion (Nocedal & Wright 2006, algorithm 7.4).
  Vector direction(Vector g) const {
    Vector alpha(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = pairs_[i].inverse * dot(pairs_[i].step, g);
      add(g, -alpha[i], pairs_[i].change);
    }
    if (!pairs_.empty()) {
      const Pair& last = pairs_.back();
      const double scale = 1.0 / (last.inverse * dot(last.change, last.change));
      for (double& value : g) value *= scale;
    }
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      add(g, alpha[i] - pairs_[i].inverse * dot(pairs_[i].change, g), pairs_[i].step);
    for (double& value : g) value = -value;
    return g;
  }

  bool empty() const { return pairs_.empty(); }

 private:
  struct Pair {
    Vector step, change;
    double inverse;  // 1 / (step · change)
  };
  std::deque<Pair> pairs_;
};

}  // namespace

void minimize(const SmoothFunction& f, Vector& x, double tolerance, int max_steps) {
  Vector gradient(x.size()), next_gradient(x.size());
  double value = f(x, gradient);
  Curvature curvature;
  for (int step = 0; step < max_steps; ++step) {
    const double largest = std::abs(*std::max_element(
        gradient.begin(), gradient.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
    if (!(largest > tolerance)) return;
    const Vector direction = curvature.direction(gradient);
    const double slope = dot(direction, gradient);
    double length = curvature.empty() ? std::min(1.0, 1.0 / std::sqrt(dot(gradient, gradient))) : 1.0;
    Vector next;
    for (int tries = 0;; ++tries) {
      if (tries == 40) return;
      next = x;
      add(next, length, direction);
      const double next_value = f(next, next_gradient);
      if (next_value <= value + 1e-4 * length * slope) {
        value = next_value;
        break;
      }
      length *= 0.5;
    }
    Vector taken = next, change = next_gradient;
    add(taken, -1.0, x);
    add(change, -1.0, gradient);
    curvature.remember(std::move(taken), std::move(change));
    x = std::move(next);
    std::swap(gradient, next_gradient);
  }
}

}  // namespace elbo::analysis
