#include "ops/add.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/add.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "base/check.h"
#include "ops/gradient_lanes.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "ops/simd.h"

#ifndef ELBO_OPS_ADD_ROW
#define ELBO_OPS_ADD_ROW
namespace elbo::ops {

/// One row of the op.
struct AddRow {
  float* y;
  const float* x;
  const float* saved;  ///< null for the identity
  std::int64_t cols;
  bool accumulate;
};

}  // namespace elbo::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;

template <Activation kActivation>
void add_values(const AddRow& row) {
  formulas::for_lanes(row.cols, [&](auto access, std::int64_t j) {
    store_gradient<kActivation>(access, access.load(row.x + j), row.y, row.saved, j, row.accumulate);
  });
}

void add_row(const AddRow& row, Activation activation) {
  formulas::visit_activation(activation, [&](auto kind) { add_values<kind.value>(row); });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(add_row);

constexpr std::int64_t kParallelSize = 1 << 14;

}  // namespace

void add(Context& context, MatrixView<float> y, MatrixView<const float> x, MatrixView<const float> saved,
         Activation activation, bool accumulate) {
  check_shape("add", "y", y, x.rows, x.cols);
  check_saved("add", saved, x.rows, x.cols, activation);
  if (x.rows == 0 || x.cols == 0) return;
  const TracedOp traced(context, [&] {
    const int matrices = 2 + (saved.empty() ? 0 : 1) + accumulate;
    return plain_call("add", concat(x.rows, "x", x.cols),
                      4.0 * matrices * static_cast<double>(x.rows * x.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::add(context, y, x, saved, activation, accumulate); });
  }
  parallel_for(context.team(), x.rows, x.rows * x.cols >= kParallelSize, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(add_row)({y.row(i), x.row(i), saved.row(i), x.cols, accumulate}, activation);
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
