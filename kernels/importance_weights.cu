// Computes the weights of each example's samples, one warp per example, and multiplies rows by weights.

#include "ops/importance_weights.h"

#include <cmath>

#include "math/elementary.h"
#include "math/importance.h"
#include "memory.cuh"
#include "platform.cuh"
#include "warp.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kExamples = kThreads / kWarpSize;  // one warp each

/// Each lane takes every 32nd sample, and keeps intermediate results in the sample's weight.
__global__ void __launch_bounds__(kThreads)
    weights_kernel(VectorView<float> weights, VectorView<float> cost, MatrixView<const float> nll,
                   VectorView<const float> log_ratio, const float* kl_weight) {
  const std::int64_t example = static_cast<std::int64_t>(blockIdx.x) * kExamples + warp_in_block();
  if (example >= cost.size) return;  // the whole warp; no barrier follows
  const std::int64_t samples = weights.size / cost.size;
  const std::int64_t first = example * samples + lane_in_warp(), end = (example + 1) * samples;
  const float scale = kl_weight ? *kl_weight : 1.0f;
  float largest = -INFINITY;
  for (std::int64_t row = first; row < end; row += kWarpSize) {
    float sum = 0.0f;
    for (std::int64_t part = 0; part < nll.cols; ++part) sum += nll.data[row * nll.cols + part];
    const float log_weight = -(sum + scale * log_ratio.data[row]);
    weights.data[row] = log_weight;
    largest = log_weight > largest ? log_weight : largest;
  }
  largest = warp_max(largest);
  float sum = 0.0f;
  for (std::int64_t row = first; row < end; row += kWarpSize) {
    const float part = math::exp(weights.data[row] - largest);
    weights.data[row] = part;
    sum += part;
  }
  sum = warp_sum(sum);
  for (std::int64_t row = first; row < end; row += kWarpSize) {
    weights.data[row] = math::importance_weight(weights.data[row], sum);
  }
  if (lane_in_warp() == 0) cost.data[example] = -(largest + math::log(sum / static_cast<float>(samples)));
}

/// Each thread computes four values of a row.
__global__ void __launch_bounds__(kThreads)
    weight_rows_kernel(MatrixView<float> values, VectorView<const float> weights, bool aligned) {
  const std::int64_t quads = (values.cols + 3) / 4;
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= values.rows * quads) return;  // no barrier follows
  const std::int64_t row = item / quads, first = 4 * (item % quads), count = values.cols - first;
  float* const at = values.data + row * values.stride + first;
  const float weight = weights.data[row];
  const float4 v = load4(at, count, aligned);
  store4(at, {v.x * weight, v.y * weight, v.z * weight, v.w * weight}, count, aligned);
}

}  // namespace

void importance_weights(Context& context, VectorView<float> weights, VectorView<float> cost,
                        MatrixView<const float> nll, VectorView<const float> log_ratio,
                        const float* kl_weight) {
  launch(context.cuda(), LaunchShape{blocks_for(cost.size, kExamples), kThreads}, weights_kernel, weights,
         cost, nll, log_ratio, kl_weight);
}

void weight_rows(Context& context, MatrixView<float> values, VectorView<const float> weights) {
  const std::int64_t items = values.rows * ((values.cols + 3) / 4);
  launch(context.cuda(), LaunchShape{blocks_for(items, kThreads), kThreads}, weight_rows_kernel, values,
         weights, rows_aligned16(values.data, values.stride));
}

}  // namespace elbo::cuda
