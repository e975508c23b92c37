// Gated linear units: a thread computes four columns of a row, values and gates.

#include "ops/gated.h"

#include "math/gating.h"
#include "memory.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;

/// A thread's columns and row.
struct Quad {
  std::int64_t row, first, count;
  bool inside;

  __device__ Quad(std::int64_t rows, std::int64_t cols) {
    const std::int64_t quads = (cols + 3) / 4;
    const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
    row = item / quads;
    first = 4 * (item % quads);
    count = cols - first;
    inside = row < rows;
  }
};

template <bool kAligned>
__global__ void __launch_bounds__(kThreads) forward_kernel(MatrixView<float> y, MatrixView<const float> x) {
  const Quad quad(y.rows, y.cols);
  if (!quad.inside) return;
  const float* const from = x.data + quad.row * x.stride + quad.first;
  const float4 a = load4(from, quad.count, kAligned), b = load4(from + y.cols, quad.count, kAligned);
  store4(y.data + quad.row * y.stride + quad.first,
         {math::gated(a.x, b.x), math::gated(a.y, b.y), math::gated(a.z, b.z), math::gated(a.w, b.w)},
         quad.count, kAligned);
}

template <bool kAligned>
__global__ void __launch_bounds__(kThreads)
    backward_kernel(MatrixView<float> dx, MatrixView<const float> dy, MatrixView<const float> x) {
  const Quad quad(dy.rows, dy.cols);
  if (!quad.inside) return;
  const float* const from = x.data + quad.row * x.stride + quad.first;
  const float4 a = load4(from, quad.count, kAligned), b = load4(from + dy.cols, quad.count, kAligned);
  const float4 g = load4(dy.data + quad.row * dy.stride + quad.first, quad.count, kAligned);
  const auto s0 = math::gated_slopes(a.x, b.x), s1 = math::gated_slopes(a.y, b.y);
  const auto s2 = math::gated_slopes(a.z, b.z), s3 = math::gated_slopes(a.w, b.w);
  float* const to = dx.data + quad.row * dx.stride + quad.first;
  store4(to, {g.x * s0.value, g.y * s1.value, g.z * s2.value, g.w * s3.value}, quad.count, kAligned);
  store4(to + dy.cols, {g.x * s0.gate, g.y * s1.gate, g.z * s2.gate, g.w * s3.gate}, quad.count, kAligned);
}

/// Whether four columns of values and of gates can be moved at once.
bool aligned(const float* data, std::int64_t stride, std::int64_t cols) {
  return rows_aligned16(data, stride) && cols % 4 == 0;
}

LaunchShape shape_for(std::int64_t rows, std::int64_t cols) {
  return {blocks_for(rows * ((cols + 3) / 4), kThreads), kThreads};
}

}  // namespace

void gated_forward(Context& context, MatrixView<float> y, MatrixView<const float> x) {
  const bool all_aligned = aligned(y.data, y.stride, y.cols) && aligned(x.data, x.stride, y.cols);
  launch(context.cuda(), shape_for(y.rows, y.cols),
         all_aligned ? forward_kernel<true> : forward_kernel<false>, y, x);
}

void gated_backward(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                    MatrixView<const float> x) {
  const bool all_aligned = aligned(dx.data, dx.stride, dy.cols) && aligned(dy.data, dy.stride, dy.cols) &&
                           aligned(x.data, x.stride, dy.cols);
  launch(context.cuda(), shape_for(dy.rows, dy.cols),
         all_aligned ? backward_kernel<true> : backward_kernel<false>, dx, dy, x);
}

}  // namespace elbo::cuda
