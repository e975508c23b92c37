#pragma once
// The one tolerance policy: |actual − expected| ≤ absolute + relative·|expected|, written so that NaN fails.

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <limits>
#include <span>

#include "elbo/precision.h"

namespace elbo::test {

struct Tolerance {
  double absolute = 1e-6;
  double relative = 1e-5;

  /// Equal to the bit, up to the sign of zero.
  static constexpr Tolerance exact() { return {0.0, 0.0}; }
  /// A float sum of `terms` terms, each of about `magnitude`: rounding grows like a random walk, of which
  /// eight deviations are allowed.
  static Tolerance float_sum(double terms, double magnitude = 1.0) {
    constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
    return {8.0 * kEpsilon * std::sqrt(terms) * magnitude, 16.0 * kEpsilon};
  }

  /// The same for a product's sum, which tensor cores may add up in one chain. They add a few terms at once
  /// (sm_80 four in tf32, eight in bf16) and cut what does not fit off toward zero: half a unit in the last
  /// place each time, always in the same direction. The partial sums are taken as four deviations of a walk.
  static Tolerance gemm_sum(Precision precision, double terms, double magnitude = 1.0) {
    Tolerance tolerance = float_sum(terms, magnitude);
    if (precision == Precision::fp32) return tolerance;
    const double at_once = precision == Precision::tf32 ? 4.0 : 8.0, additions = terms / at_once;
    const double partial_sums =
        4.0 * magnitude * std::sqrt(at_once) * additions * std::sqrt(additions) * 2.0 / 3.0;
    tolerance.absolute += 0.5 * std::numeric_limits<float>::epsilon() * partial_sums;
    return tolerance;
  }

  double allowed(double expected) const { return absolute + relative * std::abs(expected); }
  /// Infinities match only themselves; NaN matches nothing.
  bool holds(double actual, double expected) const {
    if (actual == expected) return true;
    return std::isfinite(expected) && std::abs(actual - expected) <= allowed(expected);
  }
};

/// Compares [rows, cols] values with their reference; a failure names the first and the worst wrong value.
template <class T>
testing::AssertionResult near_all(std::span<const T> actual, std::span<const double> expected,
                                  Tolerance tolerance, std::int64_t cols = 1) {
  if (actual.size() != expected.size()) {
    return testing::AssertionFailure()
           << actual.size() << " values where " << expected.size() << " were expected";
  }
  const auto excess = [&](std::size_t i) {  // in tolerances; NaN counts as infinitely far off
    const double ratio =
        std::abs(static_cast<double>(actual[i]) - expected[i]) / tolerance.allowed(expected[i]);
    return std::isnan(ratio) ? std::numeric_limits<double>::infinity() : ratio;
  };
  std::size_t failures = 0, first = 0, worst = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (tolerance.holds(static_cast<double>(actual[i]), expected[i])) continue;
    if (failures++ == 0) first = worst = i;
    if (excess(i) > excess(worst)) worst = i;
  }
  if (failures == 0) return testing::AssertionSuccess();
  auto result = testing::AssertionFailure();
  result << failures << " of " << actual.size() << " values are off";
  const auto describe = [&](const char* which, std::size_t i) {
    const auto index = static_cast<std::int64_t>(i);
    result << "\n  " << which << " [" << index / cols << ", " << index % cols << "]: expected "
           << std::setprecision(9) << expected[i] << ", actual " << static_cast<double>(actual[i])
           << ", off by " << std::abs(static_cast<double>(actual[i]) - expected[i]) << " where "
           << tolerance.allowed(expected[i]) << " is allowed";
  };
  describe("first", first);
  describe("worst", worst);
  return result;
}

}  // namespace elbo::test
