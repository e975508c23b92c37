// A single block: a batch has few rows, so the launch dominates the time.

#include "ops/record_loss.h"

#include <cmath>

#include "block.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;

struct RecordLossShared {
  BlockScratch<double, kThreads> scratch;
};

/// Sums the values over the block; thread t takes values t, t + kThreads, …. The sum of no values is 0.
__device__ double sum_of(const VectorView<const float>& values, RecordLossShared& s) {
  double sum = 0.0;
  if (values.data) {
    for (std::int64_t i = threadIdx.x; i < values.size; i += kThreads) {
      sum += static_cast<double>(values.data[i]);
    }
  }
  return block_sum(sum, s.scratch);
}

__global__ void record_loss_kernel(double* sums, std::uint64_t* first_bad_step, ops::BatchCosts costs,
                                   const StepState* state) {
  auto& s = shared_storage<RecordLossShared>();
  const double reconstruction = sum_of(costs.nll, s) / static_cast<double>(costs.samples);
  const double divergence = sum_of(costs.kl, s);
  const double objective = sum_of(costs.objective, s);
  const double penalty = sum_of(costs.penalty, s);
  if (threadIdx.x != 0) return;
  const double beta = state ? static_cast<double>(state->kl_weight) : 1.0;
  const double kl_part = costs.kl_cost
                             ? static_cast<double>(costs.kl.size) * static_cast<double>(*costs.kl_cost)
                             : beta * divergence;
  const double minimised = penalty + (costs.objective.data ? objective : reconstruction + kl_part);
  sums[0] += reconstruction;
  sums[1] += divergence;
  sums[2] += minimised;
  if (*first_bad_step == 0 && !std::isfinite(reconstruction + divergence + minimised))
    *first_bad_step = state ? state->step : 1;
}

}  // namespace

void record_loss(Context& context, double* sums, std::uint64_t* first_bad_step, const ops::BatchCosts& costs,
                 const StepState* state) {
  launch(context.cuda(), LaunchShape{1, kThreads, sizeof(RecordLossShared)}, record_loss_kernel, sums,
         first_bad_step, costs, state);
}

}  // namespace elbo::cuda
