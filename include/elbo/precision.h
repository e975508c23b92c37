#pragma once
// The precision of matrix products.

#include <string_view>

#include "elbo/device.h"
#include "elbo/export.h"

namespace elbo {

/// The format that operands of matrix products are rounded to, forward and backward. Sums are fp32 in every
/// precision, and so are weights, Adam's moments, biases and losses.
enum class Precision {
  fp32,  ///< operands are not rounded
  tf32,  ///< rounded to 10 bits of mantissa, with fp32's range: what tensor cores do with floats
  bf16,  ///< rounded to 7 bits of mantissa, with fp32's range
};

/// "fp32", "tf32" or "bf16".
ELBO_API std::string_view precision_name(Precision precision) noexcept;

/// Reads one of those names. Throws ConfigError on anything else.
ELBO_API Precision parse_precision(std::string_view text);

/// The precision of a training with train.precision = "auto": tf32 on a GPU, where tensor cores make it many
/// times faster; fp32 on the CPU, where it is the fastest.
ELBO_API Precision default_training_precision(Device device) noexcept;

}  // namespace elbo
