#include "ops/shift.h"

#include <algorithm>

#include "base/check.h"
#include "ops/activation_rows.h"
#include "ops/kernels.h"
#include "ops/shapes.h"

namespace elbo::ops {
namespace {

constexpr std::int64_t kParallelSize = 1 << 14;

/// sum = Σ of `count` rows of dy from row `first` on.
void sum_rows(float* sum, MatrixView<const float> dy, std::int64_t first, std::int64_t count) {
  std::copy_n(dy.row(first), dy.cols, sum);
  for (std::int64_t k = 1; k < count; ++k) {
    const float* const from = dy.row(first + k);
    for (std::int64_t j = 0; j < dy.cols; ++j) sum[j] += from[j];
  }
}

/// Throws unless each row of the shift is for as many rows.
void check_rows(const char* op, MatrixView<const float> rows, MatrixView<const float> shift) {
  ELBO_CHECK(rows.cols == shift.cols && rows_per_example(rows.rows, shift.rows), ShapeError, op, ": ",
             shape(shift), " cannot be added to ", shape(rows));
}

OpCall call_of(const char* op, MatrixView<const float> rows, MatrixView<const float> shift, int passes) {
  return plain_call(op, concat(shift.rows, "x", shift.cols, ", ", rows.rows, "x", rows.cols),
                    4.0 * static_cast<double>(passes * rows.rows * rows.cols + shift.rows * shift.cols));
}

}  // namespace

void shift_forward(Context& context, MatrixView<float> y, MatrixView<float> saved,
                   MatrixView<const float> shift, Activation activation) {
  constexpr const char* kOp = "shift_forward";
  check_rows(kOp, y, shift);
  check_optional_shape(kOp, "saved", saved, y.rows, y.cols);
  if (y.rows == 0 || y.cols == 0) return;
  const TracedOp traced(context, [&] { return call_of(kOp, y, shift, saved.empty() ? 2 : 3); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::shift_forward(context, y, saved, shift, activation); });
  }
  const std::int64_t samples = y.rows / shift.rows;
  parallel_for(context.team(), y.rows, y.rows * y.cols >= kParallelSize, [&](std::int64_t i) {
    apply_bias_activation(y.row(i), shift.row(i / samples), saved.row(i), y.cols, activation);
  });
}

void shift_backward(Context& context, MatrixView<float> dshift, MatrixView<const float> dy) {
  constexpr const char* kOp = "shift_backward";
  check_rows(kOp, dy, dshift);
  if (dy.rows == 0 || dy.cols == 0) return;
  const TracedOp traced(context, [&] { return call_of(kOp, dy, dshift, 1); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::shift_backward(context, dshift, dy); });
  }
  const std::int64_t samples = dy.rows / dshift.rows;
  parallel_for(context.team(), dshift.rows, dy.rows * dy.cols >= kParallelSize,
               [&](std::int64_t i) { sum_rows(dshift.row(i), dy, i * samples, samples); });
}

}  // namespace elbo::ops
