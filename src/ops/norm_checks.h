#pragma once
// Checks of the views given to normalisation ops.

#include "base/check.h"
#include "ops/norm.h"
#include "ops/op_trace.h"
#include "ops/shapes.h"

namespace elbo::ops {

/// Maximum number of an example's groups: a thread's scratch holds two sums for each.
inline constexpr std::int64_t kNormGroups =
    static_cast<std::int64_t>(Context::kScratchBytes / (2 * sizeof(float)));

/// Rows of `positions` positions of `channels` channels.
struct NormShape {
  std::int64_t rows, positions, channels;

  /// `matrices`: number of matrices of the batch's size that are read or written.
  OpCall call(const char* op, int matrices) const {
    const auto values = static_cast<double>(rows * positions * channels);
    return plain_call(op, concat(rows, "x", positions, "x", channels), 4.0 * matrices * values);
  }
};

/// The shape of x, which has one channel per value of γ. Throws ShapeError unless a row consists of whole
/// positions.
inline NormShape norm_shape(const char* op, const MatrixView<const float>& x,
                            const VectorView<const float>& gamma) {
  ELBO_CHECK(gamma.size > 0 && !gamma.empty() && x.cols > 0 && x.cols % gamma.size == 0 && x.stride >= x.cols,
             ShapeError, op, " was given x ", shape(x), ", a stride of ", x.stride, ", and ", gamma.size,
             " channels");
  return {x.rows, x.cols / gamma.size, gamma.size};
}

inline void check_output(const char* op, const MatrixView<float>& y, const MatrixView<float>& saved,
                         const MatrixView<const float>& x) {
  check_shape(op, "y", y, x.rows, x.cols);
  check_optional_shape(op, "saved", saved, x.rows, x.cols);
}

inline void check_scratch(const char* op, const VectorView<float>& scratch, const NormShape& shape) {
  const std::int64_t needed = norm_scratch_size(shape.channels);
  ELBO_CHECK(scratch.size >= needed && !scratch.empty(), ShapeError, op, " needs scratch for ", needed,
             " floats and was given ", scratch.size);
}

}  // namespace elbo::ops
