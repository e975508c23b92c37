#pragma once
// Division by a number that is constant in a loop, as a multiplication and a shift. A GPU's division takes
// some twenty instructions.

#include <cstdint>

#include "math/host_device.h"

namespace elbo::math {

/// n / divisor for 0 ≤ n < 2³¹ and 0 < divisor < 2³¹ (Granlund & Montgomery 1994, figure 4.1).
class Divider {
 public:
  Divider() = default;
  explicit Divider(std::int64_t divisor) : divisor_(static_cast<std::uint32_t>(divisor)) {
    while ((std::uint64_t{1} << shift_) < divisor_) ++shift_;
    magic_ = static_cast<std::uint32_t>(((((std::uint64_t{1} << shift_) - divisor_) << 32) / divisor_) + 1);
  }

  ELBO_HD std::uint32_t divide(std::uint32_t n) const {
    const auto high = static_cast<std::uint32_t>((static_cast<std::uint64_t>(n) * magic_) >> 32);
    return (high + n) >> shift_;
  }
  /// Returns the quotient and leaves the remainder in `n`.
  ELBO_HD std::uint32_t split(std::uint32_t& n) const {
    const std::uint32_t quotient = divide(n);
    n -= quotient * divisor_;
    return quotient;
  }

 private:
  std::uint32_t divisor_ = 1, magic_ = 1, shift_ = 0;
};

}  // namespace elbo::math
