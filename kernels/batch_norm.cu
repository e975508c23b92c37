// Computes statistics in parts, each with its own mean, so that a part's values are read again while they are
// in caches; then normalises four values per thread.

#include "ops/batch_norm.h"

#include <initializer_list>

#include "norm.cuh"

namespace elbo::cuda {
namespace {

struct MomentsShared {
  WarpPartials<float> partials;
};

/// The mean of part blockIdx.y and its sum of squared differences, for the channels of strip blockIdx.x.
__global__ void __launch_bounds__(kNormThreads)
    moments_kernel(NormShape shape, float* scratch, MatrixView<const float> x) {
  auto& s = shared_storage<MomentsShared>();
  const std::int64_t c = lane_channel();
  const NormPart part(shape, blockIdx.y);
  const auto value = [&](std::int64_t i, std::int64_t p) {
    return x.data[i * x.stride + p * shape.channels + c];
  };
  const float sum = c < shape.channels ? part.sum(value) : 0.0f;
  const float mean = s.partials.sum(sum) / static_cast<float>(part.size());
  float squares = 0.0f;
  if (c < shape.channels) {
    squares = part.sum([&](std::int64_t i, std::int64_t p) {
      const float apart = value(i, p) - mean;
      return apart * apart;
    });
  }
  squares = s.partials.sum(squares);
  if (c >= shape.channels || warp_in_block() != 0) return;  // no barrier follows
  float* const to = scratch + 2 * static_cast<std::int64_t>(blockIdx.y) * shape.channels + c;
  to[0] = mean;
  to[shape.channels] = squares;
}

struct JoinArguments {
  NormShape shape;
  float *mean, *rstd, *running_mean, *running_variance;
  const float* scratch;
  float epsilon, momentum;
};

struct JoinShared {
  WarpPartials<double> partials;
};

__global__ void __launch_bounds__(kNormThreads) join_moments_kernel(JoinArguments a) {
  auto& s = shared_storage<JoinShared>();
  const std::int64_t c = lane_channel(), channels = a.shape.channels, all = a.shape.all();
  const std::int64_t parts = c < channels ? math::norm_parts(all) : 0;
  double sum = 0.0;
  for (std::int64_t k = warp_in_block(); k < parts; k += kNormWarps) {
    sum += static_cast<double>(NormPart(a.shape, k).size()) *
           static_cast<double>(a.scratch[2 * k * channels + c]);
  }
  const double mean = s.partials.sum(sum) / static_cast<double>(all);
  sum = 0.0;
  for (std::int64_t k = warp_in_block(); k < parts; k += kNormWarps) {
    const double apart = static_cast<double>(a.scratch[2 * k * channels + c]) - mean;
    sum += static_cast<double>(a.scratch[(2 * k + 1) * channels + c]) +
           static_cast<double>(NormPart(a.shape, k).size()) * apart * apart;
  }
  const math::Moments moments = {static_cast<double>(all), mean, s.partials.sum(sum)};
  if (c >= channels || warp_in_block() != 0) return;  // no barrier follows
  a.mean[c] = static_cast<float>(mean);
  a.rstd[c] = math::rstd_of(moments.squares / moments.count, a.epsilon);
  math::move_running(a.running_mean[c], a.running_variance[c], moments, a.momentum);
}

__global__ void __launch_bounds__(kNormThreads)
    running_kernel(std::int64_t channels, float* mean, float* rstd, const float* running_mean,
                   const float* running_variance, float epsilon) {
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * kNormThreads + threadIdx.x;
  if (c >= channels) return;  // no barrier follows
  mean[c] = running_mean[c];
  rstd[c] = math::rstd_of(static_cast<double>(running_variance[c]), epsilon);
}

/// Four channels of a position for each thread.
struct Quads {
  NormShape shape;
  bool aligned;  ///< whether all rows allow moving four values at once

  ELBO_HD std::int64_t of_position() const { return (shape.channels + 3) / 4; }
};

/// A thread's quad.
struct Quad {
  std::int64_t row, offset, channel, count;

  __device__ Quad(const Quads& quads, std::int64_t item) {
    const std::int64_t position = item / quads.of_position();
    row = position / quads.shape.positions;
    channel = 4 * (item - position * quads.of_position());
    offset = (position - row * quads.shape.positions) * quads.shape.channels + channel;
    count = quads.shape.channels - channel;
  }
};

__device__ inline std::int64_t item_of_thread() {
  return static_cast<std::int64_t>(blockIdx.x) * kNormThreads + threadIdx.x;
}

struct Channels {
  const float *mean, *rstd, *gamma;

  __device__ Norm4 at(const Quad& quad, bool aligned) const {
    return {load4(mean + quad.channel, quad.count, aligned), load4(rstd + quad.channel, quad.count, aligned),
            load4(gamma + quad.channel, quad.count, aligned)};
  }
};

struct ForwardArguments {
  Quads quads;
  Channels by;
  NormTarget y;
  MatrixView<const float> x;
  const float* beta;
};

__global__ void __launch_bounds__(kNormThreads) batch_norm_forward_kernel(ForwardArguments a) {
  const std::int64_t item = item_of_thread();
  if (item >= a.quads.shape.all() * a.quads.of_position()) return;  // no barrier follows
  const Quad quad(a.quads, item);
  const bool aligned = a.quads.aligned;
  a.y.write(quad.row, quad.offset, a.by.at(quad, aligned),
            load4(a.x.data + quad.row * a.x.stride + quad.offset, quad.count, aligned),
            load4(a.beta + quad.channel, quad.count, aligned), quad.count);
}

struct BackwardArguments {
  Quads quads;
  Channels by;
  GradientTarget dx;
  MatrixView<const float> dy, x;
  const float *dgamma, *dbeta;  ///< or null
};

/// γ · sums / N, the mean of a channel's g or g·x̂.
__device__ float4 mean_of(const float* sums, const Quad& quad, const Norm4& norm, std::int64_t all,
                          bool aligned) {
  if (!sums) return splat(0.0f);
  const float4 sum = load4(sums + quad.channel, quad.count, aligned);
  const auto count = static_cast<float>(all);
  return norm.scaled({sum.x / count, sum.y / count, sum.z / count, sum.w / count});
}

__global__ void __launch_bounds__(kNormThreads) batch_norm_backward_input_kernel(BackwardArguments a) {
  const std::int64_t item = item_of_thread(), all = a.quads.shape.all();
  if (item >= all * a.quads.of_position()) return;  // no barrier follows
  const Quad quad(a.quads, item);
  const bool aligned = a.quads.aligned;
  const Norm4 norm = a.by.at(quad, aligned);
  const float4 x = load4(a.x.data + quad.row * a.x.stride + quad.offset, quad.count, aligned);
  const float4 dy = load4(a.dy.data + quad.row * a.dy.stride + quad.offset, quad.count, aligned);
  a.dx.write(quad.row, quad.offset,
             normalized_gradient(norm, x, dy, mean_of(a.dbeta, quad, norm, all, aligned),
                                 mean_of(a.dgamma, quad, norm, all, aligned)),
             quad.count);
}

/// `rows` are matrices like x, `vectors` have a value per channel; either may be empty.
Quads quads_of(std::int64_t channels, std::initializer_list<MatrixView<const float>> rows,
               std::initializer_list<VectorView<const float>> vectors) {
  const MatrixView<const float>& x = *rows.begin();
  Quads quads = {{x.rows, x.cols / channels, channels}, channels % 4 == 0};
  for (const auto& matrix : rows) quads.aligned = quads.aligned && rows_aligned_or_none(matrix);
  for (const auto& vector : vectors) quads.aligned = quads.aligned && aligned16(vector.data);
  return quads;
}

LaunchShape shape_of(const Quads& quads,
                     const std::source_location& where = std::source_location::current()) {
  return {blocks_for(quads.shape.all() * quads.of_position(), kNormThreads), kNormThreads, 0, where};
}

}  // namespace

void batch_norm_statistics(Context& context, VectorView<float> mean, VectorView<float> rstd,
                           const ops::RunningStatistics& running, VectorView<float> scratch,
                           MatrixView<const float> x, float epsilon, float momentum) {
  const NormShape shape = {x.rows, x.cols / mean.size, mean.size};
  launch(context.cuda(), LaunchShape{norm_part_grid(shape), kNormThreads, sizeof(MomentsShared)},
         moments_kernel, shape, scratch.data, x);
  launch(context.cuda(), LaunchShape{blocks_for(shape.channels, kWarpSize), kNormThreads, sizeof(JoinShared)},
         join_moments_kernel,
         JoinArguments{shape, mean.data, rstd.data, running.mean.data, running.variance.data, scratch.data,
                       epsilon, momentum});
}

void batch_norm_running(Context& context, VectorView<float> mean, VectorView<float> rstd,
                        VectorView<const float> running_mean, VectorView<const float> running_variance,
                        float epsilon) {
  launch(context.cuda(), LaunchShape{blocks_for(mean.size, kNormThreads), kNormThreads}, running_kernel,
         mean.size, mean.data, rstd.data, running_mean.data, running_variance.data, epsilon);
}

void batch_norm_forward(Context& context, MatrixView<float> y, MatrixView<float> saved,
                        MatrixView<const float> x, VectorView<const float> mean, VectorView<const float> rstd,
                        VectorView<const float> gamma, VectorView<const float> beta, Activation activation) {
  const Quads quads = quads_of(gamma.size, {x, y, saved}, {mean, rstd, gamma, beta});
  launch(context.cuda(), shape_of(quads), batch_norm_forward_kernel,
         ForwardArguments{
             quads, {mean.data, rstd.data, gamma.data}, {y, saved, activation, quads.aligned}, x, beta.data});
}

void batch_norm_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                               MatrixView<const float> x, VectorView<const float> mean,
                               VectorView<const float> rstd, VectorView<const float> gamma,
                               VectorView<const float> dgamma, VectorView<const float> dbeta,
                               MatrixView<const float> saved, Activation activation, bool accumulate) {
  const Quads quads = quads_of(gamma.size, {x, dx, dy, saved}, {mean, rstd, gamma, dgamma, dbeta});
  launch(context.cuda(), shape_of(quads), batch_norm_backward_input_kernel,
         BackwardArguments{quads,
                           {mean.data, rstd.data, gamma.data},
                           {dx, saved, activation, accumulate, quads.aligned},
                           dy,
                           x,
                           dgamma.data,
                           dbeta.data});
}

}  // namespace elbo::cuda
