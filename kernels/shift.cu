// Adds an example's vector to its samples, and the sum of their gradients: four columns per thread.

#include "ops/shift.h"

#include "activation.cuh"
#include "memory.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;

__device__ inline float4 sum_of(float4 a, float4 b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w};
}

struct ForwardArguments {
  MatrixView<float> y, saved;  ///< saved may be empty
  MatrixView<const float> shift;
  std::int64_t samples;
  Activation activation;
};

template <bool kAligned>
__global__ void __launch_bounds__(kThreads) forward_kernel(ForwardArguments a) {
  const std::int64_t quads = (a.y.cols + 3) / 4;
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= a.y.rows * quads) return;  // no barrier follows
  const std::int64_t row = item / quads, j = 4 * (item % quads), count = a.y.cols - j;
  float* const at = a.y.data + row * a.y.stride + j;
  const float* const shift = a.shift.data + row / a.samples * a.shift.stride + j;
  const float4 sum = sum_of(load4(at, count, kAligned), load4(shift, count, kAligned));
  if (a.saved.data) store4(a.saved.data + row * a.saved.stride + j, sum, count, kAligned);
  store4(at, activate(a.activation, sum), count, kAligned);
}

template <bool kAligned>
__global__ void __launch_bounds__(kThreads)
    backward_kernel(MatrixView<float> dshift, MatrixView<const float> dy, std::int64_t samples) {
  const std::int64_t quads = (dy.cols + 3) / 4;
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= dshift.rows * quads) return;  // no barrier follows
  const std::int64_t row = item / quads, j = 4 * (item % quads), count = dy.cols - j;
  const float* from = dy.data + row * samples * dy.stride + j;
  float4 total = load4(from, count, kAligned);
  for (std::int64_t k = 1; k < samples; ++k) {
    from += dy.stride;
    total = sum_of(total, load4(from, count, kAligned));
  }
  store4(dshift.data + row * dshift.stride + j, total, count, kAligned);
}

LaunchShape shape_for(std::int64_t rows, std::int64_t cols) {
  return {blocks_for(rows * ((cols + 3) / 4), kThreads), kThreads};
}

/// Whether four values can be moved at once in the whole of each row.
bool aligned(MatrixView<const float> rows) {
  return rows.empty() || (rows_aligned16(rows.data, rows.stride) && rows.cols % 4 == 0);
}

}  // namespace

void shift_forward(Context& context, MatrixView<float> y, MatrixView<float> saved,
                   MatrixView<const float> shift, Activation activation) {
  const bool whole = aligned(y) && aligned(saved) && aligned(shift);
  launch(context.cuda(), shape_for(y.rows, y.cols), whole ? forward_kernel<true> : forward_kernel<false>,
         ForwardArguments{y, saved, shift, y.rows / shift.rows, activation});
}

void shift_backward(Context& context, MatrixView<float> dshift, MatrixView<const float> dy) {
  const bool whole = aligned(dshift) && aligned(dy);
  launch(context.cuda(), shape_for(dshift.rows, dy.cols),
         whole ? backward_kernel<true> : backward_kernel<false>, dshift, dy, dy.rows / dshift.rows);
}

}  // namespace elbo::cuda
