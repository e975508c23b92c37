#pragma once
// The precision of matrix products.

#include <string_view>

#include "elbo/device.h"

namespace elbo {

/// How exactly a linear layer's products are computed, forward and backward: what their operands are rounded
/// to first. Sums are fp32 in each of them, and so are weights, Adam's moments, biases and losses.
enum class Precision {
  fp32,  ///< operands as they are
  tf32,  ///< rounded to 10 bits of mantissa, with fp32's range: what tensor cores do with floats
  bf16,  ///< rounded to 7 bits of mantissa, with fp32's range
};

/// "fp32", "tf32" or "bf16".
std::string_view precision_name(Precision precision) noexcept;

/// Reads one of those names. Throws ConfigError on anything else.
Precision parse_precision(std::string_view text);

/// What a training uses unless told otherwise: tf32 on a GPU, where the tensor cores make it many times
/// faster; fp32 on the CPU, where it is the fastest.
Precision default_training_precision(Device device) noexcept;

}  // namespace elbo
