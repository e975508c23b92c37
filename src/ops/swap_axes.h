#pragma once
// Rows as arrays whose first two axes change places: channels that are apart, and pictures that are.

#include <cstdint>

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops {

/// What a row is an array of: [first, second] blocks of `block` values.
struct Axes {
  std::int64_t first = 1, second = 1, block = 1;

  constexpr std::int64_t size() const { return first * second * block; }
  /// The axes of the row that the op gives.
  constexpr Axes swapped() const { return {second, first, block}; }
};

/// y[i, s, f, b] = x[i, f, s, b], "=": x [n, axes.size()] as arrays [first, second, block], y likewise as
/// [second, first, block]. With axes.swapped() it undoes itself, which is its gradient, too. Rows may be
/// strided; y must not alias x. Throws ShapeError.
void swap_axes(Context& context, MatrixView<float> y, MatrixView<const float> x, const Axes& axes);

}  // namespace elbo::ops

namespace elbo::cuda {  // the same contract, in kernels/swap_axes.cu
decltype(ops::swap_axes) swap_axes;
}  // namespace elbo::cuda
