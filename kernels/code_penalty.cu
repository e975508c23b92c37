// The penalty on codes: one warp per row.

#include "ops/code_penalty.h"

#include "math/code_penalty.h"
#include "platform.cuh"
#include "warp.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kRows = kThreads / kWarpSize;  // one warp each

__global__ void __launch_bounds__(kThreads)
    penalty_kernel(VectorView<float> cost, MatrixView<float> dz, MatrixView<const float> z,
                   ops::CodePenalty penalty, float divisor) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kRows + warp_in_block();
  if (row >= z.rows) return;  // the whole warp; no barrier follows
  float sum = 0.0f;
  for (std::int64_t d = lane_in_warp(); d < z.cols; d += kWarpSize) {
    const float value = z.data[row * z.stride + d];
    sum += math::code_penalty(value, penalty.l1, penalty.l2);
    if (dz.data) {
      dz.data[row * dz.stride + d] += math::code_penalty_slope(value, penalty.l1, penalty.l2) / divisor;
    }
  }
  sum = warp_sum(sum);
  if (lane_in_warp() == 0 && cost.data) cost.data[row] = sum;
}

}  // namespace

void code_penalty(Context& context, VectorView<float> cost, MatrixView<float> dz, MatrixView<const float> z,
                  const ops::CodePenalty& penalty, float divisor) {
  launch(context.cuda(), LaunchShape{blocks_for(z.rows, kRows), kThreads}, penalty_kernel, cost, dz, z,
         penalty, divisor);
}

}  // namespace elbo::cuda
