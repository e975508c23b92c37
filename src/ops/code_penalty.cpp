#include "ops/code_penalty.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/code_penalty.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "math/code_penalty.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

/// The penalty of the values from z on; adds its gradient to dz if that is not null.
template <class Access>
HWY_INLINE Floats penalty_lanes(Access access, float* dz, const float* z, const CodePenalty& penalty,
                                float divisor) {
  const Floats value = access.load(z);
  if (dz) {
    const Floats slope = formulas::code_penalty_slope(value, penalty.l1, penalty.l2);
    access.store(access.load(dz) + slope / Floats(divisor), dz);
  }
  return access.keep(formulas::code_penalty(value, penalty.l1, penalty.l2));
}

float penalty_row(float* dz, const float* z, std::int64_t size, const CodePenalty& penalty, float divisor) {
  Floats sum(0.0f);
  formulas::for_lanes(size, [&](auto access, std::int64_t d) {
    sum += penalty_lanes(access, dz ? dz + d : nullptr, z + d, penalty, divisor);
  });
  return sum.sum();
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(penalty_row);

}  // namespace

void code_penalty(Context& context, VectorView<float> cost, MatrixView<float> dz, MatrixView<const float> z,
                  const CodePenalty& penalty, float divisor) {
  check_optional_size("code_penalty", "cost", cost, z.rows);
  check_optional_shape("code_penalty", "dz", dz, z.rows, z.cols);
  if (z.rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("code_penalty", concat(z.rows, "x", z.cols),
                      4.0 * static_cast<double>((dz.empty() ? 1 : 3) * z.rows * z.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::code_penalty(context, cost, dz, z, penalty, divisor); });
  }
  for (std::int64_t i = 0; i < z.rows; ++i) {
    const float sum = HWY_DYNAMIC_DISPATCH(penalty_row)(dz.row(i), z.row(i), z.cols, penalty, divisor);
    if (!cost.empty()) cost.data[i] = sum;
  }
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
