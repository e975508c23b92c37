#pragma once
// Stores a gradient, four values at a time.

#include "activation.cuh"
#include "memory.cuh"

namespace elbo::cuda {

/// Writes "=", or "+=" with `accumulate`, after multiplying by the derivative of the activation that made the
/// matrix.
struct GradientTarget {
  MatrixView<float> to;
  MatrixView<const float> saved;  ///< source of act′; empty for the identity
  Activation activation;
  bool accumulate;
  bool aligned;  ///< whether four values can be moved at once

  /// Writes the first `count` of four values of a row, from column `col` on.
  __device__ void write(std::int64_t row, std::int64_t col, float4 value, std::int64_t count) const {
    if (activation != Activation::identity) {
      const float4 slope =
          activation_derivative(activation, load4(saved.data + row * saved.stride + col, count, aligned));
      value = {value.x * slope.x, value.y * slope.y, value.z * slope.z, value.w * slope.w};
    }
    float* const at = to.data + row * to.stride + col;
    if (accumulate) {
      const float4 before = load4(at, count, aligned);
      value = {before.x + value.x, before.y + value.y, before.z + value.z, before.w + value.w};
    }
    store4(at, value, count, aligned);
  }
};

}  // namespace elbo::cuda
