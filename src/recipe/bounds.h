#pragma once
// What a number of a recipe may be.

#include <limits>
#include <string>

namespace elbo {

/// What a number, or each number of a list, may be.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_allowed = true;  ///< low itself
  bool high_allowed = true;

  bool contain(double value) const;  ///< false for NaN and for infinities
  std::string describe() const;      ///< "at least 1", "above 0", "at least 0 and below 1"
};

/// Neither 0 nor infinite as floats, nor are their products with ordinary numbers.
inline constexpr Bounds kPositive = {.low = 1e-30, .high = 1e30};
inline constexpr Bounds kAtLeast0 = {.low = 0.0, .high = 1e30};
inline constexpr Bounds kFraction = {.low = 0.0, .high = 1.0, .high_allowed = false};
inline constexpr Bounds kShare = {.low = 0.0, .high = 1.0, .low_allowed = false};
inline constexpr Bounds kWidth = {.low = 1.0, .high = 1 << 24};
inline constexpr Bounds kCount = {.low = 1.0, .high = 1e15};
inline constexpr Bounds kTimes = {.low = 0.0, .high = 1e9};
/// TOML's integers are signed.
inline constexpr Bounds kSeed = {.low = 0.0, .high = 9223372036854774784.0};

/// The value with the fewest digits that read back to it.
std::string shortest(double value);

}  // namespace elbo
