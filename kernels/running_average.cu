// The running average of the parameters, four per thread.

#include "ops/running_average.h"

#include "math/running_average.h"
#include "memory.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    running_average_kernel(float* average, const float* values, std::int64_t size, bool aligned, double decay,
                           const StepState* state) {
  const std::int64_t first = 4 * (static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x);
  const std::int64_t count = size - first;
  if (count <= 0 || state->skipped) return;  // no barrier follows
  const float share = math::average_share(decay, state->step);
  float4 a = load4(average + first, count, aligned);
  const float4 v = load4(values + first, count, aligned);
  a.x = fmaf(share, v.x - a.x, a.x);
  a.y = fmaf(share, v.y - a.y, a.y);
  a.z = fmaf(share, v.z - a.z, a.z);
  a.w = fmaf(share, v.w - a.w, a.w);
  store4(average + first, a, count, aligned);
}

}  // namespace

void running_average(Context& context, VectorView<float> average, VectorView<const float> values,
                     double decay, const StepState* state) {
  const bool aligned = aligned16(average.data) && aligned16(values.data);
  launch(context.cuda(), LaunchShape{blocks_for(average.size, 4 * kThreads), kThreads},
         running_average_kernel, average.data, values.data, average.size, aligned, decay, state);
}

}  // namespace elbo::cuda
