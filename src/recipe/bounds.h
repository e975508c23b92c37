#pragma once
// Bounds of a recipe's numbers.

#include <limits>
#include <string>

namespace elbo {

/// The allowed range of a number, or of each number in a list.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_allowed = true;  ///< whether low itself is allowed
  bool high_allowed = true;

  bool contain(double value) const;  ///< false for NaN and for infinities
  std::string describe() const;      ///< "at least 1", "above 0", "at least 0 and below 1"
};

/// Positive numbers that are neither 0 nor infinite as floats, and whose products with ordinary numbers are
/// neither.
inline constexpr Bounds kPositive = {.low = 1e-30, .high = 1e30};
inline constexpr Bounds kNonNegative = {.low = 0.0, .high = 1e30};
inline constexpr Bounds kFraction = {.low = 0.0, .high = 1.0, .high_allowed = false};
inline constexpr Bounds kShare = {.low = 0.0, .high = 1.0, .low_allowed = false};
inline constexpr Bounds kWidth = {.low = 1.0, .high = 1 << 24};
inline constexpr Bounds kCount = {.low = 1.0, .high = 1e15};
inline constexpr Bounds kTimes = {.low = 0.0, .high = 1e9};
/// Seeds are limited by TOML's signed integers.
inline constexpr Bounds kSeed = {.low = 0.0, .high = 9223372036854774784.0};

/// The value with the fewest digits that read back to it.
std::string shortest(double value);

}  // namespace elbo
