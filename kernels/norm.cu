// One block per group of an example: its values are read three times, the second and third time from caches.
// The gradients of γ and β are sums over the whole batch, in parts.

#include "ops/norm.h"

#include <initializer_list>

#include "norm.cuh"

namespace elbo::cuda {
namespace {

struct GroupShared {
  BlockScratch<float, kNormThreads> scratch;
};

/// The groups of a batch's examples.
struct NormGroups {
  MatrixView<const float> x;
  std::int64_t channels, per_group;
  const float* gamma;
  bool aligned;  ///< whether all rows allow moving four values at once

  __device__ std::int64_t groups() const { return channels / per_group; }
  /// The block's example and group.
  __device__ std::int64_t example() const { return blockIdx.x / groups(); }
  __device__ std::int64_t group() const { return blockIdx.x % groups(); }
  __device__ float values() const { return static_cast<float>(x.cols / channels * per_group); }

  /// Calls use(offset in the row, channel, channels of the group from there on) for each quad of the block's
  /// group.
  template <class Use>
  __device__ void for_each_quad(const Use& use) const {
    const std::int64_t quads = (per_group + 3) / 4, positions = x.cols / channels;
    const std::int64_t step_p = kNormThreads / quads, step_q = kNormThreads % quads;
    const std::int64_t first = group() * per_group;
    std::int64_t p = threadIdx.x / quads, q = threadIdx.x % quads;
    while (p < positions) {
      use(p * channels + first + 4 * q, first + 4 * q, per_group - 4 * q);
      p += step_p;
      q += step_q;
      if (q >= quads) {
        q -= quads;
        ++p;
      }
    }
  }
};

struct ForwardArguments {
  NormGroups of;
  NormTarget y;
  MatrixView<float> mean, rstd;
  const float* beta;
  float epsilon;
};

__global__ void __launch_bounds__(kNormThreads) norm_forward_kernel(ForwardArguments a) {
  auto& s = shared_storage<GroupShared>();
  const std::int64_t i = a.of.example(), g = a.of.group();
  const float* const x = a.of.x.data + i * a.of.x.stride;
  float sum = 0.0f;
  a.of.for_each_quad([&](std::int64_t at, std::int64_t, std::int64_t count) {
    const float4 v = load4(x + at, count, a.of.aligned);
    sum += (v.x + v.y) + (v.z + v.w);
  });
  const float mean = block_sum(sum, s.scratch) / a.of.values();
  sum = 0.0f;
  a.of.for_each_quad([&](std::int64_t at, std::int64_t, std::int64_t count) {
    const float4 v = load4(x + at, count, a.of.aligned, mean);
    const float4 d = {v.x - mean, v.y - mean, v.z - mean, v.w - mean};
    sum += (d.x * d.x + d.y * d.y) + (d.z * d.z + d.w * d.w);
  });
  const float variance = block_sum(sum, s.scratch) / a.of.values();
  const float rstd = math::rstd_of(static_cast<double>(variance), a.epsilon);
  if (threadIdx.x == 0) {
    a.mean.data[i * a.mean.stride + g] = mean;
    a.rstd.data[i * a.rstd.stride + g] = rstd;
  }
  a.of.for_each_quad([&](std::int64_t at, std::int64_t c, std::int64_t count) {
    const Norm4 norm = {splat(mean), splat(rstd), load4(a.of.gamma + c, count, a.of.aligned)};
    a.y.write(i, at, norm, load4(x + at, count, a.of.aligned), load4(a.beta + c, count, a.of.aligned), count);
  });
}

struct BackwardArguments {
  NormGroups of;
  GradientTarget dx;
  MatrixView<const float> dy, mean, rstd;
};

__global__ void __launch_bounds__(kNormThreads) norm_backward_input_kernel(BackwardArguments a) {
  auto& s = shared_storage<GroupShared>();
  const std::int64_t i = a.of.example(), g = a.of.group();
  const float* const x = a.of.x.data + i * a.of.x.stride;
  const float* const dy = a.dy.data + i * a.dy.stride;
  const float4 mean = splat(a.mean.data[i * a.mean.stride + g]);
  const float4 rstd = splat(a.rstd.data[i * a.rstd.stride + g]);
  float of_g = 0.0f, of_product = 0.0f;
  a.of.for_each_quad([&](std::int64_t at, std::int64_t c, std::int64_t count) {
    const Norm4 norm = {mean, rstd, load4(a.of.gamma + c, count, a.of.aligned)};
    const float4 n = norm.normalized(load4(x + at, count, a.of.aligned));
    const float4 v = norm.scaled(load4(dy + at, count, a.of.aligned));
    of_g += (v.x + v.y) + (v.z + v.w);
    of_product += (v.x * n.x + v.y * n.y) + (v.z * n.z + v.w * n.w);
  });
  const float4 mean_g = splat(block_sum(of_g, s.scratch) / a.of.values());
  const float4 mean_product = splat(block_sum(of_product, s.scratch) / a.of.values());
  a.of.for_each_quad([&](std::int64_t at, std::int64_t c, std::int64_t count) {
    const Norm4 norm = {mean, rstd, load4(a.of.gamma + c, count, a.of.aligned)};
    a.dx.write(i, at,
               normalized_gradient(norm, load4(x + at, count, a.of.aligned),
                                   load4(dy + at, count, a.of.aligned), mean_g, mean_product),
               count);
  });
}

struct PartShared {
  WarpPartials<float> partials;
};

struct ParameterArguments {
  NormShape shape;
  float* scratch;
  MatrixView<const float> dy, x, mean, rstd;
};

struct PairSum {
  float product = 0.0f, plain = 0.0f;

  __device__ PairSum& operator+=(PairSum other) {
    product += other.product;
    plain += other.plain;
    return *this;
  }
};

/// The sums of part blockIdx.y for the channels of strip blockIdx.x.
__global__ void __launch_bounds__(kNormThreads) norm_parameters_kernel(ParameterArguments a) {
  auto& s = shared_storage<PartShared>();
  const std::int64_t c = lane_channel(), channels = a.shape.channels;
  const std::int64_t group = c / (channels / a.mean.cols);
  const NormPart part(a.shape, blockIdx.y);
  PairSum sum;
  if (c < channels) {
    sum = part.sum([&](std::int64_t i, std::int64_t p) {
      const std::int64_t of = a.mean.rows == 1 ? 0 : i;
      const float dy = a.dy.data[i * a.dy.stride + p * channels + c];
      const float normal =
          math::normalized(a.x.data[i * a.x.stride + p * channels + c],
                           a.mean.data[of * a.mean.stride + group], a.rstd.data[of * a.rstd.stride + group]);
      return PairSum{dy * normal, dy};
    });
  }
  const float product = s.partials.sum(sum.product), plain = s.partials.sum(sum.plain);
  if (c >= channels || warp_in_block() != 0) return;  // no barrier follows
  float* const to = a.scratch + 2 * static_cast<std::int64_t>(blockIdx.y) * channels + c;
  to[0] = product;
  to[channels] = plain;
}

struct FinishShared {
  WarpPartials<double> partials;
};

/// The grid's y selects dγ or dβ.
__global__ void __launch_bounds__(kNormThreads)
    norm_finish_kernel(float* dgamma, float* dbeta, const float* scratch, std::int64_t channels,
                       std::int64_t parts, bool accumulate) {
  auto& s = shared_storage<FinishShared>();
  const std::int64_t c = lane_channel();
  double sum = 0.0;
  for (std::int64_t k = warp_in_block(); c < channels && k < parts; k += kNormWarps) {
    sum += static_cast<double>(scratch[(2 * k + blockIdx.y) * channels + c]);
  }
  sum = s.partials.sum(sum);
  if (c >= channels || warp_in_block() != 0) return;  // no barrier follows
  float* const to = (blockIdx.y == 0 ? dgamma : dbeta) + c;
  *to = accumulate ? *to + static_cast<float>(sum) : static_cast<float>(sum);
}

/// `others` have rows like x, or are empty.
NormGroups groups_of(MatrixView<const float> x, std::int64_t groups, VectorView<const float> gamma,
                     std::initializer_list<MatrixView<const float>> others) {
  const std::int64_t per_group = gamma.size / groups;
  bool aligned =
      gamma.size % 4 == 0 && per_group % 4 == 0 && aligned16(gamma.data) && rows_aligned_or_none(x);
  for (const auto& other : others) aligned = aligned && rows_aligned_or_none(other);
  return {x, gamma.size, per_group, gamma.data, aligned};
}

}  // namespace

void norm_forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<float> mean,
                  MatrixView<float> rstd, MatrixView<const float> x, VectorView<const float> gamma,
                  VectorView<const float> beta, float epsilon, Activation activation) {
  NormGroups groups = groups_of(x, mean.cols, gamma, {y, saved});
  groups.aligned = groups.aligned && aligned16(beta.data);
  launch(context.cuda(), LaunchShape{blocks_for(x.rows * mean.cols, 1), kNormThreads, sizeof(GroupShared)},
         norm_forward_kernel,
         ForwardArguments{groups, {y, saved, activation, groups.aligned}, mean, rstd, beta.data, epsilon});
}

void norm_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                         MatrixView<const float> x, MatrixView<const float> mean,
                         MatrixView<const float> rstd, VectorView<const float> gamma,
                         MatrixView<const float> saved, Activation activation, bool accumulate) {
  const NormGroups groups = groups_of(x, mean.cols, gamma, {dx, dy, saved});
  launch(context.cuda(), LaunchShape{blocks_for(x.rows * mean.cols, 1), kNormThreads, sizeof(GroupShared)},
         norm_backward_input_kernel,
         BackwardArguments{groups, {dx, saved, activation, accumulate, groups.aligned}, dy, mean, rstd});
}

void norm_backward_params(Context& context, VectorView<float> dgamma, VectorView<float> dbeta,
                          VectorView<float> scratch, MatrixView<const float> dy, MatrixView<const float> x,
                          MatrixView<const float> mean, MatrixView<const float> rstd, bool accumulate) {
  const NormShape shape = {x.rows, x.cols / dgamma.size, dgamma.size};
  launch(context.cuda(), LaunchShape{norm_part_grid(shape), kNormThreads, sizeof(PartShared)},
         norm_parameters_kernel, ParameterArguments{shape, scratch.data, dy, x, mean, rstd});
  launch(context.cuda(),
         LaunchShape{dim3(blocks_for(shape.channels, kWarpSize), 2), kNormThreads, sizeof(FinishShared)},
         norm_finish_kernel, dgamma.data, dbeta.data, scratch.data, shape.channels,
         math::norm_parts(shape.all()), accumulate);
}

}  // namespace elbo::cuda
