#include "ops/adam.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/adam.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "ops/cpu_adam.h"
#include "ops/flush_denormals.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

/// Updates the parameters from i on.
template <class Access>
HWY_INLINE void adam_lanes(Access access, float* values, const float* gradient, float* m, float* v,
                           std::int64_t i, const math::AdamCoefficients& c) {
  Floats value = access.load(values + i), first = access.load(m + i), second = access.load(v + i);
  formulas::update_parameter(value, access.load(gradient + i), first, second, c);
  access.store(value, values + i);
  access.store(first, m + i);
  access.store(second, v + i);
}

/// The coefficients are a copy that no store can change, so that the compiler tests the rule once.
void adam_span(float* values, const float* gradient, float* m, float* v, std::int64_t size,
               const math::AdamCoefficients c) {
  formulas::for_lanes(size,
                      [&](auto access, std::int64_t i) { adam_lanes(access, values, gradient, m, v, i, c); });
}

void adam_matrix(const MatrixView<float>& values, const MatrixView<const float>& gradient,
                 const MatrixView<float>& m, const MatrixView<float>& v, const math::AdamCoefficients& c) {
  for (std::int64_t r = 0; r < values.rows; ++r) {
    adam_span(values.row(r), gradient.row(r), m.row(r), v.row(r), values.cols, c);
  }
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(adam_matrix);

constexpr std::int64_t kSpan = 8192;
constexpr std::int64_t kParallelSize = 1 << 14;

}  // namespace

void cpu::adam_rows(MatrixView<float> values, MatrixView<const float> gradient, MatrixView<float> m,
                    MatrixView<float> v, const math::AdamCoefficients& coefficients) {
  const FlushDenormals flush;
  HWY_DYNAMIC_DISPATCH(adam_matrix)(values, gradient, m, v, coefficients);
}

void adam(Context& context, VectorView<float> values, VectorView<const float> gradient, VectorView<float> m,
          VectorView<float> v, const AdamSettings& settings, const StepState* state) {
  check_size("adam", "gradient", gradient, values.size);
  check_size("adam", "m", m, values.size);
  check_size("adam", "v", v, values.size);
  ELBO_CHECK(state != nullptr, ShapeError, "adam was given no step state");
  if (values.size == 0) return;
  ELBO_CHECK(!values.empty() && !gradient.empty() && !m.empty() && !v.empty(), ShapeError,
             "adam was given an empty view of size ", values.size);
  const TracedOp traced(context, [&] {
    return plain_call("adam", concat(values.size), 28.0 * static_cast<double>(values.size));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::adam(context, values, gradient, m, v, settings, state); });
  }
  if (state->skipped) return;
  const auto c = math::adam_coefficients(settings.constants(), *state);
  parallel_spans(context.team(), values.size, kSpan, values.size >= kParallelSize,
                 [&](std::int64_t first, std::int64_t end) {
                   const auto row = [&](auto view) { return MatrixView(view.data + first, 1, end - first); };
                   cpu::adam_rows(row(values), row(gradient), row(m), row(v), c);
                 });
}

void advance_step(Context& context, StepState* next, const StepState* state,
                  VectorView<const StepRates> rates, std::int64_t batch, const AdamSettings& settings) {
  ELBO_CHECK(next != nullptr && state != nullptr, ShapeError, "advance_step was given no step state");
  ELBO_CHECK(batch >= 0, ShapeError, "advance_step was given a batch of ", batch);
  ELBO_CHECK(rates.size == 0 || !rates.empty(), ShapeError, "advance_step was given an empty view of ",
             rates.size, " rates");
  const TracedOp traced(context, [&] { return plain_call("advance_step", "1", sizeof(StepState)); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::advance_step(context, next, state, rates, batch, settings); });
  }
  *next = math::advanced(*state, rates.data, rates.size, batch, settings.beta1, settings.beta2);
}

void skip_beyond(Context& context, StepState* state, SkippedSteps* skipped, const float* norm, float limit,
                 const AdamSettings& settings) {
  ELBO_CHECK(state != nullptr && skipped != nullptr && norm != nullptr, ShapeError,
             "skip_beyond was given no step state, no counter or no norm");
  ELBO_CHECK(limit > 0.0f, ShapeError, "skip_beyond's limit is ", limit, " and must be positive");
  const TracedOp traced(context, [] { return plain_call("skip_beyond", "1", sizeof(StepState)); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::skip_beyond(context, state, skipped, norm, limit, settings); });
  }
  math::skip_beyond(*state, *skipped, *norm, limit, settings.beta1, settings.beta2);
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
