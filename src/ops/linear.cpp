#include "ops/linear.h"

#include <algorithm>

#include "ops/activation_rows.h"
#include "ops/cpu_column_sums.h"
#include "ops/cpu_matmul.h"
#include "ops/cpu_rounding.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

void check_weights(const char* op, const MatrixView<const float>& w) {
  check_matrix(op, "w", w, w.rows, w.cols);
  ELBO_CHECK(w.rows > 0 && w.cols > 0, ShapeError, op, ": w is ", shape(w), ", which has no values");
  check_contiguous(op, "w", w);
}

/// How to divide a result [n, cols] of activations. If it is narrow, cutting columns would share cache lines
/// between threads, and the other operand is small enough to be packed at once.
cpu::Cut cut_of(std::int64_t cols) {
  constexpr std::int64_t kNarrow = 64;
  return cols < kNarrow ? cpu::Cut::rows : cpu::Cut::columns;
}

}  // namespace

void linear_forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<const float> x,
                    MatrixView<const float> w, VectorView<const float> b, Activation activation) {
  constexpr const char* kOp = "linear_forward";
  check_weights(kOp, w);
  check_matrix(kOp, "x", x, x.rows, w.cols);
  check_matrix(kOp, "y", y, x.rows, w.rows);
  if (!saved.empty()) check_matrix(kOp, "saved", saved, x.rows, w.rows);
  check_optional_size(kOp, "b", b, w.rows);
  if (x.rows == 0) return;
  const TracedOp traced(context, [&] {
    return gemm_call(context, kOp, concat(x.rows, "x", x.cols, " -> ", y.rows, "x", y.cols), x.rows, x.cols,
                     y.cols, b.size + saved.rows * saved.cols);
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::linear_forward(context, y, saved, x, w, b, activation); });
  }
  x = cpu::rounded(context, x, cpu::OperandPlace::first);
  w = cpu::rounded(context, w, cpu::OperandPlace::second);
  const bool bare = b.empty() && saved.empty() && activation == Activation::identity;
  const cpu::Gemm gemm{.c = y, .a = {x, false}, .b = {w, true}, .cut = cut_of(y.cols)};
  cpu::matmul(context, gemm, [&](const cpu::Strip& strip) {
    if (bare) return;
    const cpu::Block& block = strip.block;
    const float* const bias = b.empty() ? nullptr : b.data + block.col;
    for (std::int64_t r = 0; r < block.rows; ++r) {
      float* const kept = saved.empty() ? nullptr : saved.row(block.row + r) + block.col;
      apply_bias_activation(strip.row(r), bias, kept, block.cols, activation);
    }
  });
}

void linear_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                           MatrixView<const float> w, MatrixView<const float> saved, Activation activation) {
  constexpr const char* kOp = "linear_backward_input";
  check_weights(kOp, w);
  check_matrix(kOp, "dy", dy, dy.rows, w.rows);
  check_matrix(kOp, "dx", dx, dy.rows, w.cols);
  check_saved(kOp, saved, dy.rows, w.cols, activation);
  ELBO_CHECK(saved.empty() || saved.data != dx.data || saved.stride == dx.stride, ShapeError, kOp,
             ": dx and saved share memory with strides ", dx.stride, " and ", saved.stride);
  if (dy.rows == 0) return;
  const TracedOp traced(context, [&] {
    return gemm_call(context, kOp, concat(dy.rows, "x", dy.cols, " -> ", dx.rows, "x", dx.cols), dy.rows,
                     dx.cols, dy.cols, saved.rows * saved.cols);
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::linear_backward_input(context, dx, dy, w, saved, activation); });
  }
  dy = cpu::rounded(context, dy, cpu::OperandPlace::first);
  w = cpu::rounded(context, w, cpu::OperandPlace::second);
  const bool identity = activation == Activation::identity;
  const bool in_place = !identity && saved.data == dx.data;
  const cpu::Gemm gemm{.c = dx,
                       .a = {dy, false},
                       .b = {w, false},
                       .cut = cut_of(dx.cols),
                       .sums = in_place ? cpu::Sums::in_scratch : cpu::Sums::in_result};
  cpu::matmul(context, gemm, [&](const cpu::Strip& strip) {
    if (identity) return;
    const cpu::Block& block = strip.block;
    for (std::int64_t r = 0; r < block.rows; ++r) {
      const std::int64_t row = block.row + r;
      multiply_by_derivative(strip.row(r), saved.row(row) + block.col, block.cols, activation);
      if (in_place) std::copy_n(strip.row(r), block.cols, dx.row(row) + block.col);
    }
  });
}

void linear_backward_params(Context& context, MatrixView<float> dw, VectorView<float> db,
                            MatrixView<const float> dy, MatrixView<const float> x, bool accumulate) {
  constexpr const char* kOp = "linear_backward_params";
  check_matrix(kOp, "dy", dy, dy.rows, dw.rows);
  check_matrix(kOp, "x", x, dy.rows, dw.cols);
  check_matrix(kOp, "dw", dw, dw.rows, dw.cols);
  check_contiguous(kOp, "dw", dw);
  check_optional_size(kOp, "db", db, dw.rows);
  const TracedOp traced(context, [&] {
    return gemm_call(context, kOp,
                     concat(dy.rows, "x", dy.cols, ", ", x.rows, "x", x.cols, " -> ", dw.rows, "x", dw.cols),
                     dy.rows, x.cols, dy.cols, db.size + (accumulate ? dw.rows * dw.cols : 0));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::linear_backward_params(context, dw, db, dy, x, accumulate); });
  }
  const auto a = cpu::rounded(context, dy, cpu::OperandPlace::first);
  const auto b = cpu::rounded(context, x, cpu::OperandPlace::second);
  // Divided by rows, so that a weight, its gradient and its moments stay on one core.
  const cpu::Gemm gemm{
      .c = dw, .a = {a, true}, .b = {b, false}, .accumulate = accumulate, .cut = cpu::Cut::rows};
  cpu::matmul(
      context, gemm, [](const cpu::Strip&) {},
      [&](int index, int count) {
        const cpu::Span own = cpu::Span::part(db.size, index, count);
        cpu::column_sums(db.part(own.first, own.size), dy.columns(own.first, own.size), accumulate);
      });
}

}  // namespace elbo::ops
