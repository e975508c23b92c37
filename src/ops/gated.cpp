#include "ops/gated.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/gated.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "math/gating.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

void forward_rows(MatrixView<float> y, MatrixView<const float> x, std::int64_t first, std::int64_t last) {
  for (std::int64_t i = first; i < last; ++i) {
    const float* const a = x.row(i);
    const float* const b = a + y.cols;
    float* const to = y.row(i);
    formulas::for_lanes(y.cols, [&](auto access, std::int64_t j) {
      access.store(formulas::gated(access.load(a + j), access.load(b + j)), to + j);
    });
  }
}

void backward_rows(MatrixView<float> dx, MatrixView<const float> dy, MatrixView<const float> x,
                   std::int64_t first, std::int64_t last) {
  for (std::int64_t i = first; i < last; ++i) {
    const float* const a = x.row(i);
    const float* const from = dy.row(i);
    float* const to = dx.row(i);
    formulas::for_lanes(dy.cols, [&](auto access, std::int64_t j) {
      const auto slopes = formulas::gated_slopes(access.load(a + j), access.load(a + dy.cols + j));
      const Floats gradient = access.load(from + j);
      access.store(gradient * slopes.value, to + j);
      access.store(gradient * slopes.gate, to + dy.cols + j);
    });
  }
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(forward_rows);
HWY_EXPORT(backward_rows);

constexpr std::int64_t kShare = 1 << 12;  // values that a thread takes at a time; a row at least

/// Calls do_rows(first, last) for all rows, on the context's threads.
template <class DoRows>
void for_shares(Context& context, std::int64_t rows, std::int64_t cols, const DoRows& do_rows) {
  const std::int64_t share = std::max<std::int64_t>(1, kShare / std::max<std::int64_t>(cols, 1));
  parallel_spans(context.team(), rows, share, rows > share, do_rows);
}

OpCall call_of(const char* op, MatrixView<const float> y, int passes) {
  return plain_call(op, concat(y.rows, "x", 2 * y.cols, " -> ", y.rows, "x", y.cols),
                    4.0 * passes * static_cast<double>(y.rows * y.cols));
}

}  // namespace

void gated_forward(Context& context, MatrixView<float> y, MatrixView<const float> x) {
  check_shape("gated_forward", "x", x, y.rows, 2 * y.cols);
  if (y.rows == 0 || y.cols == 0) return;
  const TracedOp traced(context, [&] { return call_of("gated_forward", y, 3); });
  if (context.is_cuda()) return run_on_cuda(context, [&] { cuda::gated_forward(context, y, x); });
  for_shares(context, y.rows, y.cols, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(forward_rows)(y, x, first, last);
  });
}

void gated_backward(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                    MatrixView<const float> x) {
  check_shape("gated_backward", "x", x, dy.rows, 2 * dy.cols);
  check_shape("gated_backward", "dx", dx, dy.rows, 2 * dy.cols);
  if (dy.rows == 0 || dy.cols == 0) return;
  const TracedOp traced(context, [&] { return call_of("gated_backward", dy, 5); });
  if (context.is_cuda()) return run_on_cuda(context, [&] { cuda::gated_backward(context, dx, dy, x); });
  for_shares(context, dy.rows, dy.cols, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(backward_rows)(dx, dy, x, first, last);
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
