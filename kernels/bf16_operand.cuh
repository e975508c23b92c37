#pragma once
// Operands in bf16, for libraries that do not round floats themselves.

#include "math/precision.h"
#include "memory.cuh"

namespace elbo::cuda {

/// The upper half of `value` rounded to bf16; NaN stays NaN.
__device__ inline std::uint32_t bf16_bits(float value) {
  if (value != value) return 0x7fffu;
  return math::detail::float_bits(math::round_to_bf16(value)) >> 16;
}

/// to[row, col] = from[row, col] in bf16, eight per thread; zeros from `cols` to `to_stride`, a multiple of
/// 8.
__global__ void __launch_bounds__(256)
    bf16_operand_kernel(std::uint16_t* to, std::int64_t to_stride, const float* from, std::int64_t stride,
                        std::int64_t rows, std::int64_t cols, bool aligned) {
  const std::int64_t index = 8 * (static_cast<std::int64_t>(blockIdx.x) * 256 + threadIdx.x);
  const std::int64_t row = index / to_stride, col = index % to_stride;
  if (row >= rows) return;  // no barrier follows
  const float* const values = from + row * stride + col;
  const float4 low = load4(values, cols - col, aligned), high = load4(values + 4, cols - col - 4, aligned);
  const uint4 packed{bf16_bits(low.x) | bf16_bits(low.y) << 16, bf16_bits(low.z) | bf16_bits(low.w) << 16,
                     bf16_bits(high.x) | bf16_bits(high.y) << 16,
                     bf16_bits(high.z) | bf16_bits(high.w) << 16};
  *reinterpret_cast<uint4*>(to + index) = packed;
}

}  // namespace elbo::cuda
