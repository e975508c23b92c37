#pragma once
// Rounds floats to the formats of tensor cores' operands.

#include <cstdint>
#include <cstring>

#include "math/host_device.h"

namespace elbo::math {

namespace detail {

ELBO_HD inline std::uint32_t float_bits(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
ELBO_HD inline float float_of_bits(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
/// Checks the exponent, which is all ones for an infinity and for NaN.
ELBO_HD inline bool is_finite_bits(std::uint32_t bits) {
  return (bits & 0x7f800000u) != 0x7f800000u;
}

/// Rounds to the nearest value whose last kDropped bits are zero, ties to even.
template <int kDropped>
ELBO_HD inline float round_bits(float value) {
  const std::uint32_t bits = float_bits(value), half = 1u << (kDropped - 1);
  const std::uint32_t rounded = (bits + (half - 1) + (bits >> kDropped & 1u)) & ~(2 * half - 1);
  return float_of_bits(is_finite_bits(bits) ? rounded : bits);
}

}  // namespace detail

/// Rounds to the nearest value with 10 bits of mantissa, ties to even, like PTX's cvt.rn.tf32.f32. (cvt.rna,
/// which rounds ties away from zero, takes two instructions on sm_90, cvt.rn one.) Values that are too large
/// become infinite; infinities and NaN do not change.
ELBO_HD inline float round_to_tf32(float value) {
  return detail::round_bits<13>(value);
}

/// Rounds to the nearest value with 7 bits of mantissa, ties to even, like PTX's cvt.rn.bf16.f32. Values that
/// are too large become infinite; infinities and NaN do not change.
ELBO_HD inline float round_to_bf16(float value) {
  return detail::round_bits<16>(value);
}

}  // namespace elbo::math
