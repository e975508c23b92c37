#include "ops/column_input.h"

#include "ops/kernels.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

constexpr std::int64_t kParallelSize = 1 << 14;  // number of values written

}  // namespace

void column_input(Context& context, MatrixView<float> input, MatrixView<const float> x,
                  MatrixView<const float> mask, VectorView<const std::int32_t> table) {
  check_shape("column_input", "input", input, x.rows, input.cols);
  check_size("column_input", "table", table, 2 * input.cols);
  check_optional_shape("column_input", "mask", mask, x.rows, x.cols);
  if (x.rows == 0 || input.cols == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("column_input", concat(x.rows, "x", x.cols, " -> ", x.rows, "x", input.cols),
                      4.0 * static_cast<double>(x.rows * ((mask.empty() ? 1 : 2) * x.cols + input.cols)));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::column_input(context, input, x, mask, table); });
  }
  parallel_for(context.team(), x.rows, x.rows * input.cols >= kParallelSize, [&](std::int64_t row) {
    for (std::int64_t i = 0; i < input.cols; ++i) {
      input.row(row)[i] = math::input_of(x.row(row), mask.row(row), table.data + 2 * i);
    }
  });
}

}  // namespace elbo::ops
