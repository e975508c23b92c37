// The KL estimated from samples, one thread per example, and the weight of each sample, one thread per
// sample.

#include "ops/sampled_kl.h"

#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;

/// Each thread takes a row of `samples` log-ratios.
__global__ void __launch_bounds__(kThreads)
    sampled_kl_kernel(VectorView<float> kl, VectorView<float> log_ratio, VectorView<const float> excess,
                      std::int64_t samples) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (row >= log_ratio.size / samples) return;
  float sum = 0.0f;
  for (std::int64_t i = row * samples; i < (row + 1) * samples; ++i) {
    const float ratio = log_ratio.data[i] + excess.data[i];
    log_ratio.data[i] = ratio;
    sum += ratio;
  }
  if (kl.data) kl.data[row] = sum / static_cast<float>(samples);
}

__global__ void __launch_bounds__(kThreads)
    sample_weights_kernel(VectorView<float> weights, ops::KlWeight weight, std::int64_t samples,
                          float divisor) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= weights.size) return;
  const float of_row = weight.per_row.data ? weight.per_row.data[i / samples] : 1.0f;
  const float of_sample =
      weight.per_sample.data ? weight.per_sample.data[i] : of_row / static_cast<float>(samples);
  weights.data[i] = (weight.scale ? *weight.scale : 1.0f) / divisor * of_sample;
}

}  // namespace

void sampled_kl(Context& context, VectorView<float> kl, VectorView<float> log_ratio,
                VectorView<const float> excess) {
  const std::int64_t samples = kl.data ? log_ratio.size / kl.size : 1;
  launch(context.cuda(), LaunchShape{blocks_for(log_ratio.size / samples, kThreads), kThreads},
         sampled_kl_kernel, kl, log_ratio, excess, samples);
}

void sample_weights(Context& context, VectorView<float> weights, const ops::KlWeight& weight,
                    std::int64_t samples, float divisor) {
  launch(context.cuda(), LaunchShape{blocks_for(weights.size, kThreads), kThreads}, sample_weights_kernel,
         weights, weight, samples, divisor);
}

}  // namespace elbo::cuda
