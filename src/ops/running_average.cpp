#include "ops/running_average.h"

#include <algorithm>

#include "math/running_average.h"
#include "ops/flush_denormals.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

constexpr std::int64_t kSpan = 8192;
constexpr std::int64_t kParallelSize = 1 << 14;

}  // namespace

void running_average(Context& context, VectorView<float> average, VectorView<const float> values,
                     double decay, const StepState* state) {
  check_size("running_average", "values", values, average.size);
  ELBO_CHECK(state != nullptr, ShapeError, "running_average was given no step state");
  ELBO_CHECK(decay >= 0.0 && decay < 1.0, ShapeError, "running_average was given a decay of ", decay);
  if (average.size == 0) return;
  ELBO_CHECK(!average.empty() && !values.empty(), ShapeError,
             "running_average was given an empty view of size ", average.size);
  const TracedOp traced(context, [&] {
    return plain_call("running_average", concat(average.size), 12.0 * static_cast<double>(average.size));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::running_average(context, average, values, decay, state); });
  }
  if (state->skipped) return;
  const float share = math::average_share(decay, state->step);
  parallel_spans(context.team(), average.size, kSpan, average.size >= kParallelSize,
                 [&](std::int64_t first, std::int64_t end) {
                   const FlushDenormals flush;
#pragma omp simd
                   for (std::int64_t i = first; i < end; ++i) {
                     average.data[i] += share * (values.data[i] - average.data[i]);
                   }
                 });
}

}  // namespace elbo::ops
