// One block: a batch's rows are few, and one launch per step is what counts.

#include "ops/record_loss.h"

#include <cmath>

#include "block.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;

struct RecordLossShared {
  BlockScratch<double, kThreads> scratch;
};

/// Thread t takes rows t, t + kThreads, …; empty values sum to 0.
__device__ double strided_sum(const float* values, std::int64_t size) {
  double sum = 0.0;
  if (values) {
    for (std::int64_t i = threadIdx.x; i < size; i += kThreads) sum += static_cast<double>(values[i]);
  }
  return sum;
}

__global__ void record_loss_kernel(double* sums, std::uint64_t* first_bad_step, VectorView<const float> nll,
                                   VectorView<const float> kl, const StepState* state) {
  auto& s = shared_storage<RecordLossShared>();
  const double reconstruction = block_sum(strided_sum(nll.data, nll.size), s.scratch);
  const double divergence = block_sum(strided_sum(kl.data, kl.size), s.scratch);
  if (threadIdx.x != 0) return;
  sums[0] += reconstruction;
  sums[1] += divergence;
  if (*first_bad_step == 0 && !std::isfinite(reconstruction + divergence))
    *first_bad_step = state ? state->step : 1;
}

}  // namespace

void record_loss(Context& context, double* sums, std::uint64_t* first_bad_step, VectorView<const float> nll,
                 VectorView<const float> kl, const StepState* state) {
  launch(context.cuda(), LaunchShape{1, kThreads, sizeof(RecordLossShared)}, record_loss_kernel, sums,
         first_bad_step, nll, kl, state);
}

}  // namespace elbo::cuda
