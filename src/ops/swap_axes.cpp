#include "ops/swap_axes.h"

#include <algorithm>

#include "ops/kernels.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

constexpr std::int64_t kParallelSize = 1 << 14;

void swap_row(float* y, const float* x, const Axes& axes) {
  for (std::int64_t s = 0; s < axes.second; ++s) {
    for (std::int64_t f = 0; f < axes.first; ++f, y += axes.block) {
      std::copy_n(x + (f * axes.second + s) * axes.block, axes.block, y);
    }
  }
}

}  // namespace

void swap_axes(Context& context, MatrixView<float> y, MatrixView<const float> x, const Axes& axes) {
  ELBO_CHECK(axes.first > 0 && axes.second > 0 && axes.block > 0, ShapeError, "swap_axes was given ",
             axes.first, " x ", axes.second, " blocks of ", axes.block);
  check_shape("swap_axes", "x", x, x.rows, axes.size());
  check_shape("swap_axes", "y", y, x.rows, axes.size());
  if (x.rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("swap_axes", concat(x.rows, "x", axes.first, "x", axes.second, "x", axes.block),
                      8.0 * static_cast<double>(x.rows * x.cols));
  });
  if (context.is_cuda()) return run_on_cuda(context, [&] { cuda::swap_axes(context, y, x, axes); });
  parallel_for(context.team(), x.rows, x.rows * x.cols >= kParallelSize,
               [&](std::int64_t i) { swap_row(y.row(i), x.row(i), axes); });
}

}  // namespace elbo::ops
