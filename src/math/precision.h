#pragma once
// Floats rounded to the formats that tensor cores take their operands in.

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
/// Of an infinity and of NaN the exponent is all ones.
ELBO_HD inline bool is_finite_bits(std::uint32_t bits) {
  return (bits & 0x7f800000u) != 0x7f800000u;
}

/// To the nearest value whose last kDropped bits are zero, ties to even.
template <int kDropped>
ELBO_HD inline float round_bits(float value) {
  const std::uint32_t bits = float_bits(value), half = 1u << (kDropped - 1);
  const std::uint32_t rounded = (bits + (half - 1) + (bits >> kDropped & 1u)) & ~(2 * half - 1);
  return float_of_bits(is_finite_bits(bits) ? rounded : bits);
}

}  // namespace detail

/// To 10 bits of mantissa, to the nearest, ties to even: PTX's cvt.rn.tf32.f32. (cvt.rna, away from zero at
/// ties, is two instructions on sm_90 where this is one.) What is too large becomes infinite; infinities and
/// NaN stay what they are.
ELBO_HD inline float round_to_tf32(float value) {
  return detail::round_bits<13>(value);
}

/// To 7 bits of mantissa, to the nearest, ties to even: PTX's cvt.rn.bf16.f32. What is too large becomes
/// infinite; infinities and NaN stay what they are.
ELBO_HD inline float round_to_bf16(float value) {
  return detail::round_bits<16>(value);
}

}  // namespace elbo::math
