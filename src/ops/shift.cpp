#include "ops/shift.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/shift.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "base/check.h"
#include "math/activations.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "ops/simd.h"

#ifndef ELBO_OPS_SHIFT_ROW
#define ELBO_OPS_SHIFT_ROW
namespace elbo::ops {

/// One row of the forward pass.
struct ShiftRow {
  float* y;
  float* saved;  ///< may be null
  const float* shift;
  std::int64_t cols;
};

}  // namespace elbo::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;

template <Activation kActivation>
void shift_values(const ShiftRow& row) {
  formulas::for_lanes(row.cols, [&](auto access, std::int64_t j) {
    const auto sum = access.load(row.y + j) + access.load(row.shift + j);
    if (row.saved) access.store(sum, row.saved + j);
    access.store(formulas::activate<kActivation>(sum), row.y + j);
  });
}

void shift_row(const ShiftRow& row, Activation activation) {
  formulas::visit_activation(activation, [&](auto kind) { shift_values<kind.value>(row); });
}

/// Σ of `count` rows of dy from row `first` on.
void sum_rows(float* sum, MatrixView<const float> dy, std::int64_t first, std::int64_t count) {
  formulas::for_lanes(dy.cols, [&](auto access, std::int64_t j) {
    auto total = access.load(dy.row(first) + j);
    for (std::int64_t k = 1; k < count; ++k) total = total + access.load(dy.row(first + k) + j);
    access.store(total, sum + j);
  });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(shift_row);
HWY_EXPORT(sum_rows);

constexpr std::int64_t kParallelSize = 1 << 14;

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
    HWY_DYNAMIC_DISPATCH(shift_row)({y.row(i), saved.row(i), shift.row(i / samples), y.cols}, activation);
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
  parallel_for(context.team(), dshift.rows, dy.rows * dy.cols >= kParallelSize, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(sum_rows)(dshift.row(i), dy, i * samples, samples);
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
