// The launchers of convolutions, and the gradients of their weights: a product of one picture's pixel at each
// position with the other's patch there. The other products are in conv2d.forward.cu and conv2d.transpose.cu,
// so that they compile in parallel.

#include "ops/conv2d.h"

#include <algorithm>

#include "conv2d.cuh"

namespace elbo::cuda {
namespace {

/// Stores the weights' gradient, "=" or "+=".
struct WeightsEpilogue {
  MatrixView<float> dw;
  float* db;  ///< Σ over positions of the first operand; or null
  bool accumulate, quads;

  struct Columns {};
  struct Operands {
    float4 before;
  };
  __device__ Columns columns(std::int64_t, int) const { return {}; }
  __device__ Operands load(std::int64_t row, std::int64_t col, int count) const {
    if (!accumulate) return {};
    return {load4(dw.data + row * dw.stride + col, count, quads)};
  }
  __device__ void quad(std::int64_t row, std::int64_t col, float4 sums, int count, Columns,
                       const Operands& operands) const {
    if (accumulate) sums = add4(operands.before, sums);
    store4(dw.data + row * dw.stride + col, sums, count, quads);
  }
  __device__ void operand_sum(std::int64_t row, float sum) const {
    if (db) db[row] = accumulate ? db[row] + sum : sum;
  }
  std::vector<MemoryRange> writes() const { return {range_of(dw), range_of(VectorView<float>(db, dw.rows))}; }
};

/// dw = Σ over positions of filters ⊗ patches: `filters` [n, shape.out()], `pictures` [n, shape.in()].
void correlate(Context& context, const ops::GemmPlan* given, MatrixView<float> dw, float* db,
               MatrixView<const float> filters, MatrixView<const float> pictures,
               const math::Conv2dShape& shape, bool accumulate) {
  const math::PatchGemm of = math::convolution_gemm(shape);
  const std::int64_t positions = filters.rows * of.corners.count();
  const GatheredOperand<PixelSource> pixels{{filters, shape.filters}, dw.rows};
  const GatheredOperand<PatchSource> patches{{of, pictures}, dw.cols};
  const ops::GemmKey key{dw.rows, dw.cols, positions, ops::GemmKind::backward_params, context.precision()};
  const WeightsEpilogue epilogue{dw, db, accumulate, rows_aligned16(dw.data, dw.stride)};
  gemm<Along::extent, Along::extent>(context.cuda(), plan_gathered(context, given, key), pixels, patches,
                                     positions, epilogue);
}

constexpr int kSumThreads = 256;

struct ChannelSumStorage {
  float partial[kSumThreads];
};

/// Sums over the pixels of a span, for up to kSumThreads channels per block: y counts groups of channels, x
/// counts spans. Each thread of a channel takes every kSumThreads / channels-th pixel; then the first adds
/// their sums in order.
__global__ void __launch_bounds__(kSumThreads)
    channel_sums_kernel(PartialSums partial, PixelSource pictures, std::int64_t pixels, std::int64_t span) {
  auto& shared = shared_storage<ChannelSumStorage>();
  const int first_channel = static_cast<int>(blockIdx.y) * kSumThreads;
  const int left = pictures.channels - first_channel;
  const int channels = left < kSumThreads ? left : kSumThreads, apart = kSumThreads / channels;
  const int thread = static_cast<int>(threadIdx.x), channel = thread % channels, turn = thread / channels;
  const std::int64_t begin = static_cast<std::int64_t>(blockIdx.x) * span;
  const std::int64_t end = begin + span < pixels ? begin + span : pixels;
  float sum = 0.0f;
  if (turn < apart) {
    for (std::int64_t i = begin + turn; i < end; i += apart)
      sum += pictures.data[pictures.row(static_cast<std::uint32_t>(i)).offset + first_channel + channel];
  }
  shared.partial[thread] = sum;
  sync_block();
  if (turn != 0) return;  // no barrier follows
  for (int i = 1; i < apart; ++i) sum += shared.partial[i * channels + channel];
  partial.data[blockIdx.x * partial.split_stride + first_channel + channel] = sum;
}

struct SumsEpilogue {
  float* sums;
  bool accumulate;

  __device__ void quad(std::int64_t, std::int64_t col, float4 of, int count) const {
    const float values[4] = {of.x, of.y, of.z, of.w};
    for (int i = 0; i < 4; ++i) {
      if (i < count) sums[col + i] = accumulate ? sums[col + i] + values[i] : values[i];
    }
  }
};

/// sums_c = Σ over all pixels, by spans whose sums are added in order.
void channel_sums(Context& context, VectorView<float> sums, MatrixView<const float> pictures,
                  bool accumulate) {
  constexpr std::int64_t kMaxSpans = 64, kShortest = 256;
  const std::int64_t channels = sums.size, pixels = pictures.rows * (pictures.cols / channels);
  const std::int64_t spans = std::clamp<std::int64_t>(pixels / kShortest, 1, kMaxSpans);
  ops::GemmPlan plan;
  plan.splits = static_cast<int>(spans);
  CudaState& state = context.cuda();
  const PartialSums partial = partial_sums(state, plan, 1, channels);
  launch(state,
         LaunchShape(dim3(blocks_for(spans, 1), blocks_for(channels, kSumThreads)), kSumThreads,
                     sizeof(ChannelSumStorage)),
         channel_sums_kernel, partial, PixelSource(pictures, channels), pixels, (pixels + spans - 1) / spans);
  launch_epilogue(state, partial, 1, channels, false, SumsEpilogue{sums.data, accumulate});
}

PixelEpilogue forward_epilogue(MatrixView<float> y, MatrixView<float> saved, VectorView<const float> b,
                               Activation activation) {
  return {.to = y, .activation = activation, .b = b, .pre_activation = saved, .derivative_of = {}};
}

PixelEpilogue backward_epilogue(MatrixView<float> dx, MatrixView<const float> saved, Activation activation) {
  return {.to = dx,
          .activation = activation,
          .b = {},
          .pre_activation = {},
          .derivative_of = saved,
          .forward = false};
}

}  // namespace

void conv2d_forward(Context& context, const ops::GemmPlan& plan, MatrixView<float> y, MatrixView<float> saved,
                    MatrixView<const float> x, MatrixView<const float> w, VectorView<const float> b,
                    const ops::Conv2dShape& shape, Activation activation) {
  convolve(context, &plan, x, w, shape, forward_epilogue(y, saved, b, activation));
}

void conv2d_forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<const float> x,
                    MatrixView<const float> w, VectorView<const float> b, const ops::Conv2dShape& shape,
                    Activation activation) {
  convolve(context, nullptr, x, w, shape, forward_epilogue(y, saved, b, activation));
}

void conv2d_transpose_forward(Context& context, const ops::GemmPlan& plan, MatrixView<float> y,
                              MatrixView<float> saved, MatrixView<const float> x, MatrixView<const float> w,
                              VectorView<const float> b, const ops::Conv2dShape& shape,
                              Activation activation) {
  convolve_transposed(context, &plan, x, w, shape, forward_epilogue(y, saved, b, activation));
}

void conv2d_transpose_forward(Context& context, MatrixView<float> y, MatrixView<float> saved,
                              MatrixView<const float> x, MatrixView<const float> w, VectorView<const float> b,
                              const ops::Conv2dShape& shape, Activation activation) {
  convolve_transposed(context, nullptr, x, w, shape, forward_epilogue(y, saved, b, activation));
}

void conv2d_backward_input(Context& context, const ops::GemmPlan& plan, MatrixView<float> dx,
                           MatrixView<const float> dy, MatrixView<const float> w,
                           MatrixView<const float> saved, const ops::Conv2dShape& shape,
                           Activation activation) {
  convolve_transposed(context, &plan, dy, w, shape, backward_epilogue(dx, saved, activation));
}

void conv2d_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                           MatrixView<const float> w, MatrixView<const float> saved,
                           const ops::Conv2dShape& shape, Activation activation) {
  convolve_transposed(context, nullptr, dy, w, shape, backward_epilogue(dx, saved, activation));
}

void conv2d_transpose_backward_input(Context& context, const ops::GemmPlan& plan, MatrixView<float> dx,
                                     MatrixView<const float> dy, MatrixView<const float> w,
                                     MatrixView<const float> saved, const ops::Conv2dShape& shape,
                                     Activation activation) {
  convolve(context, &plan, dy, w, shape, backward_epilogue(dx, saved, activation));
}

void conv2d_transpose_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                                     MatrixView<const float> w, MatrixView<const float> saved,
                                     const ops::Conv2dShape& shape, Activation activation) {
  convolve(context, nullptr, dy, w, shape, backward_epilogue(dx, saved, activation));
}

void conv2d_backward_params(Context& context, const ops::GemmPlan& plan, MatrixView<float> dw,
                            VectorView<float> db, MatrixView<const float> dy, MatrixView<const float> x,
                            const ops::Conv2dShape& shape, bool accumulate) {
  correlate(context, &plan, dw, db.data, dy, x, shape, accumulate);
}

void conv2d_backward_params(Context& context, MatrixView<float> dw, VectorView<float> db,
                            MatrixView<const float> dy, MatrixView<const float> x,
                            const ops::Conv2dShape& shape, bool accumulate) {
  correlate(context, nullptr, dw, db.data, dy, x, shape, accumulate);
}

void conv2d_transpose_backward_params(Context& context, const ops::GemmPlan& plan, MatrixView<float> dw,
                                      VectorView<float> db, MatrixView<const float> dy,
                                      MatrixView<const float> x, const ops::Conv2dShape& shape,
                                      bool accumulate) {
  correlate(context, &plan, dw, nullptr, x, dy, shape, accumulate);
  if (db.data) channel_sums(context, db, dy, accumulate);
}

void conv2d_transpose_backward_params(Context& context, MatrixView<float> dw, VectorView<float> db,
                                      MatrixView<const float> dy, MatrixView<const float> x,
                                      const ops::Conv2dShape& shape, bool accumulate) {
  correlate(context, nullptr, dw, nullptr, x, dy, shape, accumulate);
  if (db.data) channel_sums(context, db, dy, accumulate);
}

}  // namespace elbo::cuda
