#include "ops/linear_adam.h"

#include "ops/cpu_adam.h"
#include "ops/cpu_column_sums.h"
#include "ops/cpu_matmul.h"
#include "ops/cpu_rounding.h"
#include "ops/kernels.h"
#include "ops/linear.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

MatrixView<float> part(const MatrixView<float>& matrix, const cpu::Block& block) {
  return {matrix.data + block.row * matrix.stride + block.col, block.rows, block.cols, matrix.stride};
}

/// A vector's part as a matrix of one row.
MatrixView<float> row(const VectorView<float>& vector, const cpu::Span& span) {
  return {vector.data + span.first, 1, span.size};
}

}  // namespace

void linear_adam(Context& context, const AdamLayer& layer, MatrixView<float> dw, VectorView<float> db,
                 MatrixView<const float> dy, MatrixView<const float> x, const AdamSettings& settings,
                 const StepState* state) {
  constexpr const char* kOp = "linear_adam";
  const std::int64_t out = layer.w.rows, in = layer.w.cols;
  check_shape(kOp, "dy", dy, dy.rows, out);
  check_shape(kOp, "x", x, dy.rows, in);
  for (const MatrixView<float>& matrix : {layer.w, layer.w_m, layer.w_v, dw}) {
    ELBO_CHECK(matrix.rows == out && matrix.cols == in && matrix.contiguous() && !matrix.empty(), ShapeError,
               kOp, ": w, its moments and dw must be [", out, ", ", in, "] and contiguous");
  }
  const std::int64_t biases = layer.b.empty() ? 0 : out;
  for (const VectorView<float>& vector : {layer.b, layer.b_m, layer.b_v, db}) {
    ELBO_CHECK(vector.size == biases && (biases == 0 || !vector.empty()), ShapeError, kOp,
               ": b, its moments and db must be [", biases, "]");
  }
  ELBO_CHECK(state != nullptr, ShapeError, kOp, " was given no step state");
  const TracedOp traced(context, [&] {
    return gemm_call(context, kOp, concat(dy.rows, " rows -> ", out, "x", in), dy.rows, in, out,
                     5 * out * in);
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::linear_adam(context, layer, dw, db, dy, x, settings, state); });
  }
  const auto coefficients = math::adam_coefficients(settings.constants(), *state);
  // Adam uses the gradient of a few rows while it is in the cache of the core that owns these rows' weights
  // and moments, so it never goes to memory. Sums too long for one pass need dw.
  const cpu::Gemm gemm{.c = dw,
                       .a = {cpu::rounded(context, dy, cpu::OperandPlace::first), true},
                       .b = {cpu::rounded(context, x, cpu::OperandPlace::second), false},
                       .cut = cpu::Cut::rows,
                       .sums = cpu::in_one_go(x.rows) ? cpu::Sums::in_scratch : cpu::Sums::in_result};
  cpu::matmul(
      context, gemm,
      [&](const cpu::Strip& strip) {
        const cpu::Block& block = strip.block;
        cpu::adam_rows(part(layer.w, block), {strip.sums, block.rows, block.cols, strip.stride},
                       part(layer.w_m, block), part(layer.w_v, block), coefficients);
      },
      [&](int index, int count) {
        const cpu::Span own = cpu::Span::part(biases, index, count);
        if (own.size <= 0) return;
        cpu::column_sums(db.part(own.first, own.size), dy.columns(own.first, own.size), false);
        cpu::adam_rows(row(layer.b, own), row(db, own), row(layer.b_m, own), row(layer.b_v, own),
                       coefficients);
      });
}

}  // namespace elbo::ops
