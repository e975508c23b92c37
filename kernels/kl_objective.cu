// Each kernel has one block: a batch's posterior is small, so the launch dominates the time.

#include "ops/kl_objective.h"

#include <cmath>

#include "block.cuh"
#include "math/posterior.h"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;

struct FreeBitsShared {
  float partial[kWarps][kWarpSize];
};

/// Each lane takes a dimension, 32 at a time, and each warp every eighth row.
__global__ void __launch_bounds__(kThreads)
    free_bits_kernel(VectorView<float> weights, float* cost, MatrixView<const float> mean,
                     MatrixView<const float> log_variance, float nats, const float* kl_weight) {
  auto& s = shared_storage<FreeBitsShared>();
  double total = 0.0;
  for (std::int64_t first = 0; first < mean.cols; first += kWarpSize) {
    const std::int64_t d = first + lane_in_warp();
    float sum = 0.0f;
    for (std::int64_t i = warp_in_block(); d < mean.cols && i < mean.rows; i += kWarps) {
      sum +=
          math::posterior_kl(mean.data[i * mean.stride + d], log_variance.data[i * log_variance.stride + d]);
    }
    s.partial[warp_in_block()][lane_in_warp()] = sum;
    sync_block();
    if (warp_in_block() == 0) {
      float kl = s.partial[0][lane_in_warp()];
      for (int w = 1; w < kWarps; ++w) kl += s.partial[w][lane_in_warp()];
      kl /= static_cast<float>(mean.rows);
      if (d < mean.cols) {
        weights.data[d] = kl <= nats ? 0.0f : 1.0f;
        total += static_cast<double>(kl <= nats ? nats : kl);
      }
    }
    sync_block();
  }
  if (warp_in_block() != 0) return;  // no barrier follows
  total = warp_sum(total);
  if (lane_in_warp() == 0) *cost = static_cast<float>((kl_weight ? *kl_weight : 1.0f) * total);
}

struct CapacityShared {
  BlockScratch<double, kThreads> scratch;
};

__global__ void __launch_bounds__(kThreads)
    capacity_kernel(float* scale, float* cost, VectorView<const float> kl, const float* kl_weight,
                    const float* capacity) {
  auto& s = shared_storage<CapacityShared>();
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < kl.size; i += kThreads) sum += static_cast<double>(kl.data[i]);
  sum = block_sum(sum, s.scratch);
  if (threadIdx.x != 0) return;
  const double above = sum / static_cast<double>(kl.size) - static_cast<double>(*capacity);
  const float weight = kl_weight ? *kl_weight : 1.0f;
  *scale = above > 0.0 ? weight : above < 0.0 ? -weight : 0.0f;
  *cost = static_cast<float>(weight * std::abs(above));
}

}  // namespace

void free_bits(Context& context, VectorView<float> weights, float* cost, MatrixView<const float> mean,
               MatrixView<const float> log_variance, float nats, const float* kl_weight) {
  launch(context.cuda(), LaunchShape{1, kThreads, sizeof(FreeBitsShared)}, free_bits_kernel, weights, cost,
         mean, log_variance, nats, kl_weight);
}

void kl_capacity(Context& context, float* scale, float* cost, VectorView<const float> kl,
                 const float* kl_weight, const float* capacity) {
  launch(context.cuda(), LaunchShape{1, kThreads, sizeof(CapacityShared)}, capacity_kernel, scale, cost, kl,
         kl_weight, capacity);
}

}  // namespace elbo::cuda
