// −log p(x | parameters) of tables whose columns differ in their likelihood: one warp per row, one column per
// thread at a time. Threads of a warp part where their columns' kinds differ.

#include "ops/mixed_likelihood.h"

#include "math/column_likelihood.h"

#include "block.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;  // of a block of mixed_mean_kernel

__global__ void __launch_bounds__(kWarpSize)
    mixed_likelihood_kernel(ops::ColumnLikelihoods likelihoods, VectorView<float> nll,
                            MatrixView<float> gradient, MatrixView<const float> parameters,
                            MatrixView<const float> x, MatrixView<const float> mask, ops::RowWeight weight,
                            std::int64_t samples) {
  auto& scratch = shared_storage<BlockScratch<float, kWarpSize>>();
  const std::int64_t row = blockIdx.x, example = row / samples;
  const float row_weight = weight.scale * (weight.per_row.data ? weight.per_row.data[row] : 1.0f);
  const float* const present = mask.data ? mask.data + example * mask.stride : nullptr;
  float* const slopes = gradient.data ? gradient.data + row * gradient.stride : nullptr;
  float sum = 0.0f;
  for (std::int64_t j = threadIdx.x; j < x.cols; j += kWarpSize) {
    sum += math::column_cost(math::column_at(likelihoods.columns.data, j), likelihoods.constants, j,
                             x.data + example * x.stride, present, parameters.data + row * parameters.stride,
                             slopes, row_weight);
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0 && nll.data) nll.data[row] = sum;
}

__global__ void __launch_bounds__(kThreads)
    mixed_mean_kernel(ops::ColumnLikelihoods likelihoods, MatrixView<float> mean,
                      MatrixView<const float> parameters) {
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= mean.rows * mean.cols) return;  // no barrier follows
  const std::int64_t row = item / mean.cols, j = item % mean.cols;
  mean.data[row * mean.stride + j] =
      math::column_mean(math::column_at(likelihoods.columns.data, j), likelihoods.constants,
                        parameters.data + row * parameters.stride);
}

}  // namespace

void mixed_likelihood(Context& context, const ops::ColumnLikelihoods& likelihoods, VectorView<float> nll,
                      MatrixView<float> gradient, MatrixView<const float> parameters,
                      MatrixView<const float> x, MatrixView<const float> mask, const ops::RowWeight& weight) {
  launch(context.cuda(),
         LaunchShape{blocks_for(parameters.rows, 1), kWarpSize, sizeof(BlockScratch<float, kWarpSize>)},
         mixed_likelihood_kernel, likelihoods, nll, gradient, parameters, x, mask, weight,
         parameters.rows / x.rows);
}

void mixed_likelihood_mean(Context& context, const ops::ColumnLikelihoods& likelihoods,
                           MatrixView<float> mean, MatrixView<const float> parameters) {
  launch(context.cuda(), LaunchShape{blocks_for(mean.rows * mean.cols, kThreads), kThreads},
         mixed_mean_kernel, likelihoods, mean, parameters);
}

}  // namespace elbo::cuda
