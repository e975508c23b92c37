#pragma once
// Checks whether numbers are draws from the standard normal.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace elbo::test {

/// Moments within four standard errors, and the Kolmogorov–Smirnov distance below its 0.1% point.
inline void expect_normal(std::vector<float> values) {
  const auto count = static_cast<double>(values.size());
  double moments[5] = {};
  for (double x : values) {
    for (int power = 1; power <= 4; ++power) moments[power] += std::pow(x, power) / count;
  }
  const double error = 4.0 / std::sqrt(count);
  EXPECT_NEAR(moments[1], 0.0, error);
  EXPECT_NEAR(moments[2], 1.0, error * std::sqrt(2.0));
  EXPECT_NEAR(moments[3], 0.0, error * std::sqrt(15.0));
  EXPECT_NEAR(moments[4], 3.0, error * std::sqrt(96.0));
  std::sort(values.begin(), values.end());
  double distance = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double cdf = 0.5 * std::erfc(-static_cast<double>(values[i]) / std::numbers::sqrt2);
    distance = std::max({distance, std::abs(cdf - static_cast<double>(i) / count),
                         std::abs(cdf - static_cast<double>(i + 1) / count)});
  }
  EXPECT_LT(distance * std::sqrt(count), 1.95);
}

}  // namespace elbo::test
