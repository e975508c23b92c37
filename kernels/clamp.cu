// Clamps values, and passes the gradient between the bounds: four values of a row per thread.

#include "ops/clamp.h"

#include "math/elementary.h"
#include "memory.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;

__global__ void __launch_bounds__(kThreads)
    clamp_kernel(MatrixView<float> y, MatrixView<const float> x, float low, float high, bool aligned) {
  const std::int64_t quads = (x.cols + 3) / 4;
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= x.rows * quads) return;
  const std::int64_t row = item / quads, first = 4 * (item % quads), count = x.cols - first;
  const float4 v = load4(x.data + row * x.stride + first, count, aligned);
  store4(y.data + row * y.stride + first,
         {math::clamp(v.x, low, high), math::clamp(v.y, low, high), math::clamp(v.z, low, high),
          math::clamp(v.w, low, high)},
         count, aligned);
}

struct Passage {
  MatrixView<float> dx;
  MatrixView<const float> dy, y;
  float low, high;
  bool accumulate, aligned;

  __device__ float pass(float gradient, float value) const {
    return low < value && value < high ? gradient : 0.0f;
  }
};

__global__ void __launch_bounds__(kThreads) clamp_backward_kernel(Passage p) {
  const std::int64_t quads = (p.y.cols + 3) / 4;
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= p.y.rows * quads) return;
  const std::int64_t row = item / quads, first = 4 * (item % quads), count = p.y.cols - first;
  const float4 y = load4(p.y.data + row * p.y.stride + first, count, p.aligned);
  const float4 dy = load4(p.dy.data + row * p.dy.stride + first, count, p.aligned);
  float* const to = p.dx.data + row * p.dx.stride + first;
  float4 dx = {p.pass(dy.x, y.x), p.pass(dy.y, y.y), p.pass(dy.z, y.z), p.pass(dy.w, y.w)};
  if (p.accumulate) {
    const float4 before = load4(to, count, p.aligned);
    dx = {before.x + dx.x, before.y + dx.y, before.z + dx.z, before.w + dx.w};
  }
  store4(to, dx, count, p.aligned);
}

}  // namespace

void clamp(Context& context, MatrixView<float> y, MatrixView<const float> x, float low, float high) {
  const std::int64_t items = x.rows * ((x.cols + 3) / 4);
  const bool aligned = rows_aligned16(x.data, x.stride) && rows_aligned16(y.data, y.stride);
  launch(context.cuda(), LaunchShape{blocks_for(items, kThreads), kThreads}, clamp_kernel, y, x, low, high,
         aligned);
}

void clamp_backward(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                    MatrixView<const float> y, float low, float high, bool accumulate) {
  const std::int64_t items = y.rows * ((y.cols + 3) / 4);
  const bool aligned = rows_aligned16(dx.data, dx.stride) && rows_aligned16(dy.data, dy.stride) &&
                       rows_aligned16(y.data, y.stride);
  launch(context.cuda(), LaunchShape{blocks_for(items, kThreads), kThreads}, clamp_backward_kernel,
         Passage{dx, dy, y, low, high, accumulate, aligned});
}

}  // namespace elbo::cuda
