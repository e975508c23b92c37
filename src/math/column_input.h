#pragma once
// One value of an encoder's input from a table's row.

#include <cmath>
#include <cstdint>

#include "math/host_device.h"

namespace elbo::math {

/// What an input holds of a value. A number from 0 on stands for that class: the input is 1 if the value is
/// it, else 0.
inline constexpr std::int32_t kAsItIs = -1;
inline constexpr std::int32_t kLogOfOnePlus = -2;

/// The input that entry = {column, form} describes; `mask` may be null.
ELBO_HD_INLINE float input_of(const float* x, const float* mask, const std::int32_t* entry) {
  const std::int32_t column = entry[0], form = entry[1];
  if (mask && mask[column] == 0.0f) return 0.0f;
  const float value = x[column];
  if (form >= 0) return value == static_cast<float>(form) ? 1.0f : 0.0f;
  return form == kAsItIs ? value : std::log1p(value);
}

}  // namespace elbo::math
