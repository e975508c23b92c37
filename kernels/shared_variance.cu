// A single block, as a batch has few costs. If values may be missing it also reads the whole mask, which has
// not been measured for large batches of wide rows.

#include "ops/shared_variance.h"

#include "block.cuh"
#include "math/shared_variance.h"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;

struct SquaredErrorShared {
  BlockScratch<double, kThreads> scratch;
};

__device__ double weight_of(const ops::GaussianCosts& costs, std::int64_t row) {
  return costs.weights.data ? static_cast<double>(costs.weights.data[row]) : 1.0;
}

/// This lane's part of Σ w · present values over the examples of its warp, which takes every eighth.
__device__ double lane_count(const ops::GaussianCosts& costs) {
  const std::int64_t samples = costs.nll.size / costs.examples;
  double count = 0.0;
  for (std::int64_t i = warp_in_block(); i < costs.examples; i += kWarps) {
    double weight = 0.0, present = 0.0;
    for (std::int64_t r = i * samples; r < (i + 1) * samples; ++r) weight += weight_of(costs, r);
    for (std::int64_t j = lane_in_warp(); j < costs.values; j += kWarpSize) {
      present += costs.mask.data ? static_cast<double>(costs.mask.data[i * costs.mask.stride + j]) : 1.0;
    }
    count += weight * present;
  }
  return count;
}

__global__ void __launch_bounds__(kThreads)
    squared_error_kernel(double* sums, ops::GaussianCosts costs, const float* log_variance, bool accumulate) {
  auto& s = shared_storage<SquaredErrorShared>();
  double total = 0.0;
  for (std::int64_t r = threadIdx.x; r < costs.nll.size; r += kThreads) {
    total += weight_of(costs, r) * static_cast<double>(costs.nll.data[r]);
  }
  total = block_sum(total, s.scratch);
  const double count = block_sum(lane_count(costs), s.scratch);
  if (threadIdx.x != 0) return;
  const double errors = math::squared_errors(total, count, static_cast<double>(*log_variance));
  sums[0] = (accumulate ? sums[0] : 0.0) + errors;
  sums[1] = (accumulate ? sums[1] : 0.0) + count;
}

__global__ void move_variance_kernel(float* log_variance, const double* sums, const StepState* state) {
  if (threadIdx.x == 0 && !state->skipped) {
    *log_variance = math::moved_log_variance(*log_variance, sums[0], sums[1], state->step);
  }
}

}  // namespace

void squared_error_sums(Context& context, double* sums, const ops::GaussianCosts& costs,
                        const float* log_variance, bool accumulate) {
  launch(context.cuda(), LaunchShape{1, kThreads, sizeof(SquaredErrorShared)}, squared_error_kernel, sums,
         costs, log_variance, accumulate);
}

void move_shared_variance(Context& context, float* log_variance, const double* sums, const StepState* state) {
  launch(context.cuda(), LaunchShape{1, kWarpSize}, move_variance_kernel, log_variance, sums, state);
}

}  // namespace elbo::cuda
