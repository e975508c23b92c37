#include "ops/one_hot.h"

#include <algorithm>

#include "ops/kernels.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

constexpr std::int64_t kParallelSize = 1 << 14;  // number of values written

/// Writes one row: first zeros, then a 1 for each value's class.
void one_hot_row(float* row, const float* x, const float* mask, std::int64_t size, std::int32_t classes) {
  std::fill_n(row, classes * size, 0.0f);
  for (std::int64_t j = 0; j < size; ++j) {
    if (!(x[j] >= 0.0f && x[j] < static_cast<float>(classes)) || (mask && mask[j] == 0.0f)) continue;
    const auto c = static_cast<std::int32_t>(x[j]);
    if (static_cast<float>(c) == x[j]) row[c * size + j] = 1.0f;
  }
}

}  // namespace

void one_hot(Context& context, MatrixView<float> one_hot, MatrixView<const float> x,
             MatrixView<const float> mask, std::int32_t classes) {
  ELBO_CHECK(classes > 0, ShapeError, "one_hot was given ", classes, " classes");
  check_shape("one_hot", "one_hot", one_hot, x.rows, classes * x.cols);
  check_optional_shape("one_hot", "mask", mask, x.rows, x.cols);
  if (x.rows == 0 || x.cols == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("one_hot", concat(x.rows, "x", x.cols, " -> ", x.rows, "x", one_hot.cols),
                      4.0 * static_cast<double>(x.rows * ((mask.empty() ? 1 : 2) * x.cols + one_hot.cols)));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::one_hot(context, one_hot, x, mask, classes); });
  }
  parallel_for(context.team(), x.rows, x.rows * one_hot.cols >= kParallelSize,
               [&](std::int64_t i) { one_hot_row(one_hot.row(i), x.row(i), mask.row(i), x.cols, classes); });
}

}  // namespace elbo::ops
