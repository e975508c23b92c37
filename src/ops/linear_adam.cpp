#include "ops/linear_adam.h"

#include "ops/kernels.h"
#include "ops/linear.h"
#include "runtime/check.h"

namespace elbo::ops {
namespace {

VectorView<float> flat(const MatrixView<float>& matrix) {
  return {matrix.data, matrix.rows * matrix.cols};
}

}  // namespace

void linear_adam(Context& context, const AdamLayer& layer, MatrixView<float> dw, VectorView<float> db,
                 MatrixView<const float> dy, MatrixView<const float> x, const AdamSettings& settings,
                 const StepState* state) {
  constexpr const char* kOp = "linear_adam";
  const std::int64_t out = layer.w.rows, in = layer.w.cols;
  ELBO_CHECK(dy.cols == out && x.cols == in && x.rows == dy.rows, ShapeError, kOp, " was given dy [", dy.rows,
             ", ", dy.cols, "] and x [", x.rows, ", ", x.cols, "] for w [", out, ", ", in, "]");
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
    return product_call(context, kOp, concat(dy.rows, " rows -> ", out, "x", in), dy.rows, in, out,
                        5 * out * in);
  });
  ELBO_DISPATCH_CUDA(context, linear_adam(context, layer, dw, db, dy, x, settings, state));
  linear_backward_params(context, dw, db, dy, x, false);
  adam(context, flat(layer.w), flat(dw), flat(layer.w_m), flat(layer.w_v), settings, state);
  if (biases > 0) adam(context, layer.b, db, layer.b_m, layer.b_v, settings, state);
}

}  // namespace elbo::ops
