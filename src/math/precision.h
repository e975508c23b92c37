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

}  // namespace detail

/// To 10 bits of mantissa, to the nearest, ties away from zero: PTX's cvt.rna.tf32.f32. What is too large
/// becomes infinite; infinities and NaN stay what they are.
ELBO_HD inline float round_to_tf32(float value) {
  const std::uint32_t bits = detail::float_bits(value);
  const std::uint32_t rounded = (bits + 0x1000u) & 0xffffe000u;
  return detail::float_of_bits(detail::is_finite_bits(bits) ? rounded : bits);
}

/// To 7 bits of mantissa, to the nearest, ties to even: PTX's cvt.rn.bf16.f32. What is too large becomes
/// infinite; infinities and NaN stay what they are.
ELBO_HD inline float round_to_bf16(float value) {
  const std::uint32_t bits = detail::float_bits(value);
  const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u;
  return detail::float_of_bits(detail::is_finite_bits(bits) ? rounded : bits);
}

}  // namespace elbo::math
