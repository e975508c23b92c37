#pragma once
// Swaps the first two axes of rows: channels-last pictures become one picture per channel group, and back.

#include <cstdint>

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// The shape of a row: an array [first, second] of blocks of `block` values.
struct Axes {
  std::int64_t first = 1, second = 1, block = 1;

  constexpr std::int64_t size() const { return first * second * block; }
  /// The axes of the op's result.
  constexpr Axes swapped() const { return {second, first, block}; }
};

/// y[i, s, f, b] = x[i, f, s, b], "=": x [n, axes.size()] as arrays [first, second, block], y as [second,
/// first, block]. With axes.swapped() it is its own inverse, which is also its gradient. Rows may be strided;
/// y must not alias x. Throws ShapeError.
void swap_axes(Context& context, MatrixView<float> y, MatrixView<const float> x, const Axes& axes);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/swap_axes.cu
decltype(ops::swap_axes) swap_axes;
}  // namespace elbo::cuda
