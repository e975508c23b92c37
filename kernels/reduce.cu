// Sums in double, in an order that depends on the shapes alone: each thread's strided sum, then the block's,
// then the spans' in turn.

#include "ops/reduce.h"

#include <algorithm>
#include <cmath>

#include "block.cuh"
#include "memory.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;
constexpr unsigned kMaxBlocks = 512;  // each block of clip_kernel reads all partial sums

using Scratch = BlockScratch<double, kThreads>;

/// Σ f(values[i]) over the block; every thread gets it. f maps to double.
template <class T, class F>
__device__ double sum_of(const T* values, std::int64_t size, Scratch& scratch, F f) {
  double sum = 0.0;
  for (std::int64_t i = threadIdx.x; i < size; i += kThreads) sum += f(static_cast<double>(values[i]));
  return block_sum(sum, scratch);
}

__global__ void __launch_bounds__(kThreads)
    sum_kernel(double* sum, const float* values, std::int64_t size, bool accumulate) {
  auto& scratch = shared_storage<Scratch>();
  const double total = sum_of(values, size, scratch, [](double value) { return value; });
  if (threadIdx.x == 0) *sum = accumulate ? *sum + total : total;
}

/// partial[span] = Σ gradient² over each span of kReduceSpan.
__global__ void __launch_bounds__(kThreads)
    squares_kernel(double* partial, const float* gradient, std::int64_t size) {
  auto& scratch = shared_storage<Scratch>();
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * ops::kReduceSpan;
  const std::int64_t count = size - first < ops::kReduceSpan ? size - first : ops::kReduceSpan;
  const double squares = sum_of(gradient + first, count, scratch, [](double value) { return value * value; });
  if (threadIdx.x == 0) partial[blockIdx.x] = squares;
}

/// Every block adds up all partial sums in the same order, instead of waiting for another block to do so.
__global__ void __launch_bounds__(kThreads)
    clip_kernel(float* gradient, std::int64_t size, const double* partial, std::int64_t spans, float max_norm,
                float* norm) {
  auto& scratch = shared_storage<Scratch>();
  const double length = std::sqrt(sum_of(partial, spans, scratch, [](double value) { return value; }));
  if (norm && blockIdx.x == 0 && threadIdx.x == 0) *norm = static_cast<float>(length);
  const double factor = max_norm / (length + 1e-6);
  if (!std::isfinite(length) || factor >= 1.0) return;  // the whole block
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < size;
       i += stride) {
    gradient[i] *= static_cast<float>(factor);
  }
}

/// partial[span] = Σ gradient² over each span of a table.
__global__ void __launch_bounds__(kThreads)
    range_squares_kernel(double* partial, const float* gradient, const ops::RangeSpan* spans) {
  auto& scratch = shared_storage<Scratch>();
  const ops::RangeSpan span = spans[blockIdx.x];
  const double squares =
      sum_of(gradient + span.first, span.size, scratch, [](double value) { return value * value; });
  if (threadIdx.x == 0) partial[blockIdx.x] = squares;
}

/// One block per span, and at least one. Each adds up the partial sums of its range; the first also adds up
/// all.
__global__ void __launch_bounds__(kThreads)
    normalize_kernel(float* gradient, const ops::RangeSpan* spans, std::int64_t count, const double* partial,
                     float* norm) {
  auto& scratch = shared_storage<Scratch>();
  const auto itself = [](double value) { return value; };
  if (norm && blockIdx.x == 0) {
    const double squares = sum_of(partial, count, scratch, itself);
    if (threadIdx.x == 0) *norm = static_cast<float>(std::sqrt(squares));
  }
  if (blockIdx.x >= count) return;  // the whole block
  const ops::RangeSpan span = spans[blockIdx.x];
  const double squares = sum_of(partial + span.begin, span.end - span.begin, scratch, itself);
  const float factor = static_cast<float>(1.0 / (std::sqrt(squares) + ops::kNormEpsilon));
  float* const values = gradient + span.first;
  const bool aligned = aligned16(values);
  for (std::int64_t i = 4 * threadIdx.x; i < span.size; i += 4 * kThreads) {
    float4 g = load4(values + i, span.size - i, aligned);
    g.x *= factor;
    g.y *= factor;
    g.z *= factor;
    g.w *= factor;
    store4(values + i, g, span.size - i, aligned);
  }
}

}  // namespace

void reduce_sum(Context& context, double* sum, VectorView<const float> values, bool accumulate) {
  launch(context.cuda(), LaunchShape{1, kThreads, sizeof(Scratch)}, sum_kernel, sum, values.data, values.size,
         accumulate);
}

void clip_global_norm(Context& context, VectorView<float> gradient, float max_norm,
                      VectorView<double> scratch, float* norm) {
  const std::int64_t spans = ops::clip_scratch_size(gradient.size);
  launch(context.cuda(), LaunchShape{blocks_for(spans, 1), kThreads, sizeof(Scratch)}, squares_kernel,
         scratch.data, gradient.data, gradient.size);
  // At least one block, so that the norm of an empty gradient is written too; only one if there is nothing to
  // scale.
  const unsigned max_blocks = std::isinf(max_norm) ? 1u : kMaxBlocks;
  const unsigned blocks = std::clamp(blocks_for(gradient.size, 4 * kThreads), 1u, max_blocks);
  launch(context.cuda(), LaunchShape{blocks, kThreads, sizeof(Scratch)}, clip_kernel, gradient.data,
         gradient.size, scratch.data, spans, max_norm, norm);
}

void normalize_ranges(Context& context, VectorView<float> gradient, VectorView<const ops::RangeSpan> spans,
                      VectorView<double> scratch, float* norm) {
  const unsigned blocks = blocks_for(spans.size, 1);
  launch(context.cuda(), LaunchShape{blocks, kThreads, sizeof(Scratch)}, range_squares_kernel, scratch.data,
         gradient.data, spans.data);
  launch(context.cuda(), LaunchShape{std::max(blocks, 1u), kThreads, sizeof(Scratch)}, normalize_kernel,
         gradient.data, spans.data, spans.size, scratch.data, norm);
}

}  // namespace elbo::cuda
