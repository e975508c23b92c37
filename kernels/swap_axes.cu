// Swaps the first two axes of rows: each thread writes one value.

#include "ops/swap_axes.h"

#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    swap_kernel(MatrixView<float> y, MatrixView<const float> x, ops::Axes axes) {
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= y.rows * y.cols) return;
  const std::int64_t row = item / y.cols, at = item % y.cols;
  const std::int64_t b = at % axes.block, f = at / axes.block % axes.first, s = at / axes.block / axes.first;
  y.data[row * y.stride + at] = x.data[row * x.stride + (f * axes.second + s) * axes.block + b];
}

}  // namespace

void swap_axes(Context& context, MatrixView<float> y, MatrixView<const float> x, const ops::Axes& axes) {
  launch(context.cuda(), LaunchShape{blocks_for(y.rows * y.cols, kThreads), kThreads}, swap_kernel, y, x,
         axes);
}

}  // namespace elbo::cuda
