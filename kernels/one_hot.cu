// Writes classes as ones and zeros: one thread per value writes all its classes; neighbouring threads write
// neighbouring columns.

#include "ops/one_hot.h"

#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    one_hot_kernel(MatrixView<float> one_hot, MatrixView<const float> x, MatrixView<const float> mask,
                   std::int32_t classes) {
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= x.rows * x.cols) return;  // no barrier follows
  const std::int64_t row = item / x.cols, j = item % x.cols;
  const bool present = !mask.data || mask.data[row * mask.stride + j] != 0.0f;
  const float value = x.data[row * x.stride + j];
  float* const to = one_hot.data + row * one_hot.stride + j;
  for (std::int32_t c = 0; c < classes; ++c) {
    to[c * x.cols] = present && value == static_cast<float>(c) ? 1.0f : 0.0f;
  }
}

}  // namespace

void one_hot(Context& context, MatrixView<float> one_hot, MatrixView<const float> x,
             MatrixView<const float> mask, std::int32_t classes) {
  launch(context.cuda(), LaunchShape{blocks_for(x.rows * x.cols, kThreads), kThreads}, one_hot_kernel,
         one_hot, x, mask, classes);
}

}  // namespace elbo::cuda
