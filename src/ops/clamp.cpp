#include "ops/clamp.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/clamp.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "math/elementary.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

void clamp_row(float* y, const float* x, std::int64_t size, float low, float high) {
  formulas::for_lanes(size, [&](auto access, std::int64_t i) {
    access.store(formulas::clamp(access.load(x + i), Floats(low), Floats(high)), y + i);
  });
}

template <class Access>
HWY_INLINE void pass_lanes(Access access, float* dx, const float* dy, const float* y, float low, float high,
                           bool accumulate) {
  const Floats value = access.load(y), none(0.0f);
  const Floats below_high = select(value < Floats(high), access.load(dy), none);
  const Floats passed = select(Floats(low) < value, below_high, none);
  access.store(accumulate ? access.load(dx) + passed : passed, dx);
}

void pass_row(float* dx, const float* dy, const float* y, std::int64_t size, float low, float high,
              bool accumulate) {
  formulas::for_lanes(size, [&](auto access, std::int64_t i) {
    pass_lanes(access, dx + i, dy + i, y + i, low, high, accumulate);
  });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(clamp_row);
HWY_EXPORT(pass_row);

void check_bounds(const char* op, float low, float high) {
  ELBO_CHECK(low < high, ShapeError, op, " was given the bounds ", low, " and ", high);
}

}  // namespace

void clamp(Context& context, MatrixView<float> y, MatrixView<const float> x, float low, float high) {
  check_shape("clamp", "y", y, x.rows, x.cols);
  check_bounds("clamp", low, high);
  if (x.rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("clamp", concat(x.rows, "x", x.cols), 8.0 * static_cast<double>(x.rows * x.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::clamp(context, y, x, low, high); });
  }
  for (std::int64_t i = 0; i < x.rows; ++i) {
    HWY_DYNAMIC_DISPATCH(clamp_row)(y.row(i), x.row(i), x.cols, low, high);
  }
}

void clamp_backward(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                    MatrixView<const float> y, float low, float high, bool accumulate) {
  check_shape("clamp_backward", "dx", dx, y.rows, y.cols);
  check_shape("clamp_backward", "dy", dy, y.rows, y.cols);
  check_bounds("clamp_backward", low, high);
  if (y.rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("clamp_backward", concat(y.rows, "x", y.cols),
                      (accumulate ? 16.0 : 12.0) * static_cast<double>(y.rows * y.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::clamp_backward(context, dx, dy, y, low, high, accumulate); });
  }
  for (std::int64_t i = 0; i < y.rows; ++i) {
    HWY_DYNAMIC_DISPATCH(pass_row)(dx.row(i), dy.row(i), y.row(i), y.cols, low, high, accumulate);
  }
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
