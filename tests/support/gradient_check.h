#pragma once
// Central finite differences in float64 against an analytic gradient.

#include <gtest/gtest.h>

#include <functional>
#include <span>
#include <vector>

#include "support/tolerance.h"

namespace elbo::test {

/// ∂f/∂x_i ≈ (f(x + h e_i) − f(x − h e_i)) / 2h with h = step·max(1, |x_i|).
inline std::vector<double> finite_differences(const std::function<double(std::span<const double>)>& f,
                                              std::vector<double> x, double step = 1e-5) {
  std::vector<double> gradient(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double middle = x[i];
    const double h = step * std::max(1.0, std::abs(middle));
    x[i] = middle + h;
    const double above = f(x);
    x[i] = middle - h;
    const double below = f(x);
    x[i] = middle;
    gradient[i] = (above - below) / (2.0 * h);
  }
  return gradient;
}

/// Whether `analytic` is the gradient of f at x. T is float for an op's results, double for a formula's.
template <class T>
testing::AssertionResult is_gradient(std::span<const T> analytic,
                                     const std::function<double(std::span<const double>)>& f,
                                     std::span<const double> x, Tolerance tolerance = {1e-6, 1e-6},
                                     double step = 1e-5) {
  const auto numeric = finite_differences(f, {x.begin(), x.end()}, step);
  return near_all<T>(analytic, numeric, tolerance);
}

/// float → double, for the reference computations.
inline std::vector<double> widen(std::span<const float> values) {
  return {values.begin(), values.end()};
}

}  // namespace elbo::test
