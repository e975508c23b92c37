// A mixture of Gaussians as a prior. One block per code: its warps take components in turn, and their lanes
// dimensions. For the components' gradients, one block per component: its warps take codes.

#include "ops/mixture.h"

#include <cmath>

#include "block.cuh"
#include "math/elementary.h"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;

struct PrepareShared {
  BlockScratch<float, kThreads> scratch;
};

/// log Σ exp of the logits, which each block computes itself; log C without logits.
__device__ float log_norm(VectorView<const float> logits, std::int64_t components, PrepareShared& s) {
  if (!logits.data) return math::log(static_cast<float>(components));
  float largest = -INFINITY;
  for (std::int64_t c = threadIdx.x; c < components; c += kThreads) {
    largest = logits.data[c] > largest ? logits.data[c] : largest;
  }
  largest = block_max(largest, s.scratch);
  float sum = 0.0f;
  for (std::int64_t c = threadIdx.x; c < components; c += kThreads)
    sum += math::exp(logits.data[c] - largest);
  return largest + math::log(block_sum(sum, s.scratch));
}

/// One warp per component.
__global__ void __launch_bounds__(kThreads)
    prepare_kernel(MatrixView<float> precision, VectorView<float> log_weight, VectorView<float> log_scale,
                   MatrixView<const float> log_variance, VectorView<const float> logits) {
  const float norm = log_norm(logits, log_variance.rows, shared_storage<PrepareShared>());
  const std::int64_t c = static_cast<std::int64_t>(blockIdx.x) * kWarps + warp_in_block();
  if (c >= log_variance.rows) return;  // the whole warp; no barrier follows
  float sum = 0.0f;
  for (std::int64_t d = lane_in_warp(); d < log_variance.cols; d += kWarpSize) {
    const float value = log_variance.data[c * log_variance.stride + d];
    precision.data[c * precision.stride + d] = math::exp(-value);
    sum += value;
  }
  sum = warp_sum(sum);
  if (lane_in_warp() != 0) return;
  const float weight = (logits.data ? logits.data[c] : 0.0f) - norm;
  log_weight.data[c] = weight;
  log_scale.data[c] = weight - 0.5f * sum;
}

struct ExcessShared {
  float largest[kWarps];
  float sum[kWarps];
};

/// log_scale − ½ Σ_d (z − μ)² / σ², computed by a warp.
__device__ float log_density(const float* z, std::int64_t latent, const ops::Mixture& mixture,
                             std::int64_t c) {
  const float* const mean = mixture.mean.data + c * mixture.mean.stride;
  const float* const precision = mixture.precision.data + c * mixture.precision.stride;
  float sum = 0.0f;
  for (std::int64_t d = lane_in_warp(); d < latent; d += kWarpSize) {
    const float apart = z[d] - mean[d];
    sum += apart * apart * precision[d];
  }
  return mixture.log_scale.data[c] - 0.5f * warp_sum(sum);
}

__global__ void __launch_bounds__(kThreads)
    excess_kernel(VectorView<float> excess, MatrixView<float> responsibilities, MatrixView<const float> z,
                  ops::Mixture mixture) {
  auto& s = shared_storage<ExcessShared>();
  const std::int64_t row = blockIdx.x, components = mixture.mean.rows;
  const float* const code = z.data + row * z.stride;
  float* const shares =
      responsibilities.data ? responsibilities.data + row * responsibilities.stride : nullptr;
  float largest = -INFINITY, sum = 0.0f;
  for (std::int64_t c = warp_in_block(); c < components; c += kWarps) {
    const float log_share = log_density(code, z.cols, mixture, c);
    if (shares && lane_in_warp() == 0) shares[c] = log_share;
    if (log_share > largest) {
      sum = sum * math::exp(largest - log_share) + 1.0f;
      largest = log_share;
    } else if (log_share != -INFINITY) {
      sum += math::exp(log_share - largest);  // NaN enters here and stays
    }
  }
  if (lane_in_warp() == 0) {
    s.largest[warp_in_block()] = largest;
    s.sum[warp_in_block()] = sum;
  }
  sync_block();
  largest = s.largest[0];
  for (int w = 1; w < kWarps; ++w) largest = s.largest[w] > largest ? s.largest[w] : largest;
  sum = 0.0f;
  for (int w = 0; w < kWarps; ++w) {
    // Skips warps without a component, but not a NaN, whatever its largest value is.
    if (s.sum[w] != 0.0f)
      sum += s.sum[w] * (s.largest[w] < largest ? math::exp(s.largest[w] - largest) : 1.0f);
  }
  const float log_sum = largest + math::log(sum);
  for (std::int64_t c = threadIdx.x; shares && c < components; c += kThreads) {
    shares[c] = math::exp(shares[c] - log_sum);
  }
  if (warp_in_block() != 0) return;  // no barrier follows
  float square = 0.0f;
  for (std::int64_t d = lane_in_warp(); d < z.cols; d += kWarpSize) square += code[d] * code[d];
  square = warp_sum(square);
  if (lane_in_warp() == 0) excess.data[row] = -0.5f * square - log_sum;
}

/// A warp's two kinds of sums for 32 dimensions.
struct SumsShared {
  float first[kWarps][kWarpSize];
  float second[kWarps][kWarpSize];
};

__device__ float sum_over_warps(const float (&partial)[kWarps][kWarpSize]) {
  float sum = partial[0][lane_in_warp()];
  for (int w = 1; w < kWarps; ++w) sum += partial[w][lane_in_warp()];
  return sum;
}

__global__ void __launch_bounds__(kThreads)
    codes_kernel(MatrixView<float> dz, MatrixView<const float> z, ops::Mixture mixture,
                 MatrixView<const float> responsibilities, VectorView<const float> weights, float factor) {
  auto& s = shared_storage<SumsShared>();
  const std::int64_t row = blockIdx.x;
  const float* const shares = responsibilities.data + row * responsibilities.stride;
  for (std::int64_t first = 0; first < z.cols; first += kWarpSize) {
    const std::int64_t d = first + lane_in_warp();
    const float code = d < z.cols ? z.data[row * z.stride + d] : 0.0f;
    float pull = 0.0f;
    for (std::int64_t c = warp_in_block(); d < z.cols && c < mixture.mean.rows; c += kWarps) {
      const float share = shares[c];
      if (share == 0.0f) continue;
      pull += share * (code - mixture.mean.data[c * mixture.mean.stride + d]) *
              mixture.precision.data[c * mixture.precision.stride + d];
    }
    s.first[warp_in_block()][lane_in_warp()] = pull;
    sync_block();
    if (warp_in_block() == 0 && d < z.cols) {
      const float weight = factor * (weights.data ? weights.data[row] : 1.0f);
      dz.data[row * dz.stride + d] += weight * (sum_over_warps(s.first) - code);
    }
    sync_block();
  }
}

struct Component {
  ops::MixtureGradient gradient;
  MatrixView<const float> z;
  ops::Mixture mixture;
  MatrixView<const float> responsibilities;
  VectorView<const float> weights;
  bool accumulate;
};

struct ComponentShared {
  SumsShared sums;
  BlockScratch<float, kThreads> scratch;
};

__global__ void __launch_bounds__(kThreads) component_kernel(Component k) {
  auto& s = shared_storage<ComponentShared>();
  const std::int64_t c = blockIdx.x;
  float shares = 0.0f, weights = 0.0f;
  for (std::int64_t i = threadIdx.x; i < k.z.rows; i += kThreads) {
    shares += k.weights.data[i] * k.responsibilities.data[i * k.responsibilities.stride + c];
    weights += k.weights.data[i];
  }
  shares = block_sum(shares, s.scratch);
  weights = block_sum(weights, s.scratch);
  for (std::int64_t first = 0; first < k.z.cols; first += kWarpSize) {
    const std::int64_t d = first + lane_in_warp();
    const float mean = d < k.z.cols ? k.mixture.mean.data[c * k.mixture.mean.stride + d] : 0.0f;
    float once = 0.0f, twice = 0.0f;  // Σ s (z − μ), Σ s (z − μ)²
    for (std::int64_t i = warp_in_block(); d < k.z.cols && i < k.z.rows; i += kWarps) {
      const float share = k.weights.data[i] * k.responsibilities.data[i * k.responsibilities.stride + c];
      if (share == 0.0f) continue;
      const float apart = k.z.data[i * k.z.stride + d] - mean;
      once += share * apart;
      twice += share * apart * apart;
    }
    s.sums.first[warp_in_block()][lane_in_warp()] = once;
    s.sums.second[warp_in_block()][lane_in_warp()] = twice;
    sync_block();
    if (warp_in_block() == 0 && d < k.z.cols) {
      const float precision = k.mixture.precision.data[c * k.mixture.precision.stride + d];
      const float dmean = -precision * sum_over_warps(s.sums.first);
      const float dlog_variance = -0.5f * (precision * sum_over_warps(s.sums.second) - shares);
      float& to_mean = k.gradient.mean.data[c * k.gradient.mean.stride + d];
      float& to_log_variance = k.gradient.log_variance.data[c * k.gradient.log_variance.stride + d];
      to_mean = k.accumulate ? to_mean + dmean : dmean;
      to_log_variance = k.accumulate ? to_log_variance + dlog_variance : dlog_variance;
    }
    sync_block();
  }
  if (threadIdx.x != 0 || !k.gradient.logits.data) return;
  const float dlogit = weights * math::exp(k.mixture.log_weight.data[c]) - shares;
  float& to = k.gradient.logits.data[c];
  to = k.accumulate ? to + dlogit : dlogit;
}

}  // namespace

void mixture_prepare(Context& context, MatrixView<float> precision, VectorView<float> log_weight,
                     VectorView<float> log_scale, MatrixView<const float> log_variance,
                     VectorView<const float> logits) {
  launch(context.cuda(), LaunchShape{blocks_for(log_variance.rows, kWarps), kThreads, sizeof(PrepareShared)},
         prepare_kernel, precision, log_weight, log_scale, log_variance, logits);
}

void mixture_excess(Context& context, VectorView<float> excess, MatrixView<float> responsibilities,
                    MatrixView<const float> z, const ops::Mixture& mixture) {
  launch(context.cuda(), LaunchShape{blocks_for(z.rows, 1), kThreads, sizeof(ExcessShared)}, excess_kernel,
         excess, responsibilities, z, mixture);
}

void mixture_backward_codes(Context& context, MatrixView<float> dz, MatrixView<const float> z,
                            const ops::Mixture& mixture, MatrixView<const float> responsibilities,
                            VectorView<const float> weights, float factor) {
  launch(context.cuda(), LaunchShape{blocks_for(z.rows, 1), kThreads, sizeof(SumsShared)}, codes_kernel, dz,
         z, mixture, responsibilities, weights, factor);
}

void mixture_backward_components(Context& context, const ops::MixtureGradient& gradient,
                                 MatrixView<const float> z, const ops::Mixture& mixture,
                                 MatrixView<const float> responsibilities, VectorView<const float> weights,
                                 bool accumulate) {
  launch(context.cuda(), LaunchShape{blocks_for(mixture.mean.rows, 1), kThreads, sizeof(ComponentShared)},
         component_kernel, Component{gradient, z, mixture, responsibilities, weights, accumulate});
}

}  // namespace elbo::cuda
