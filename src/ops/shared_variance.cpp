#include "ops/shared_variance.h"

#include "math/shared_variance.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {
namespace {

/// The number of present values in an example's row.
double present(const GaussianCosts& costs, std::int64_t example) {
  if (costs.mask.empty()) return static_cast<double>(costs.values);
  const float* const row = costs.mask.row(example);
  double count = 0.0;
  for (std::int64_t j = 0; j < costs.values; ++j) count += row[j];
  return count;
}

}  // namespace

void squared_error_sums(Context& context, double* sums, const GaussianCosts& costs, const float* log_variance,
                        bool accumulate) {
  const auto& [nll, weights, mask, examples, values] = costs;
  ELBO_CHECK(sums != nullptr && log_variance != nullptr, ShapeError,
             "squared_error_sums was given no place for its results, or no log-variance");
  ELBO_CHECK(examples > 0 && values > 0 && nll.size > 0 && nll.size % examples == 0, ShapeError,
             "squared_error_sums was given ", nll.size, " nll for ", examples, " examples of ", values,
             " values");
  check_optional_size("squared_error_sums", "weights", weights, nll.size);
  check_optional_shape("squared_error_sums", "mask", mask, examples, values);
  const TracedOp traced(context, [&] {
    const GaussianCosts& c = costs;
    return plain_call("squared_error_sums", concat(c.nll.size),
                      4.0 * static_cast<double>(c.nll.size + c.weights.size + c.mask.rows * c.mask.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context,
                       [&] { cuda::squared_error_sums(context, sums, costs, log_variance, accumulate); });
  }
  const std::int64_t samples = nll.size / examples;
  double total = 0.0, count = 0.0;
  for (std::int64_t i = 0; i < examples; ++i) {
    double weight = 0.0;
    for (std::int64_t r = i * samples; r < (i + 1) * samples; ++r) {
      const double w = weights.empty() ? 1.0 : weights.data[r];
      weight += w;
      total += w * nll.data[r];
    }
    count += weight * present(costs, i);
  }
  sums[0] = (accumulate ? sums[0] : 0.0) + math::squared_errors(total, count, *log_variance);
  sums[1] = (accumulate ? sums[1] : 0.0) + count;
}

void move_shared_variance(Context& context, float* log_variance, const double* sums, const StepState* state) {
  ELBO_CHECK(log_variance != nullptr && sums != nullptr && state != nullptr, ShapeError,
             "move_shared_variance was given no log-variance, no sums or no state");
  const TracedOp traced(context, [] { return plain_call("move_shared_variance", "1", 8.0); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::move_shared_variance(context, log_variance, sums, state); });
  }
  if (state->skipped) return;
  *log_variance = math::moved_log_variance(*log_variance, sums[0], sums[1], state->step);
}

}  // namespace elbo::ops
