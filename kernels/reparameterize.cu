// Posterior samples and their gradient. Noise is drawn where it is used, four dimensions per thread, which
// are mostly one block of Philox; the backward pass draws the same numbers again.

#include "ops/reparameterize.h"

#include "memory.cuh"
#include "noise.cuh"
#include "platform.cuh"
#include "sample_gradient.cuh"
#include "warp.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kRows = kThreads / kWarpSize;  // one warp each

struct Posterior {
  MatrixView<const float> mean;
  MatrixView<const float> log_variance;
  NoiseSource noise;
  std::int64_t samples;
};

/// One warp per sample of an example, so that its sums need no barrier.
__global__ void __launch_bounds__(kThreads) sample_kernel(MatrixView<float> z, VectorView<float> kl,
                                                          VectorView<float> log_ratio, Posterior posterior) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kRows + warp_in_block();
  if (row >= z.rows) return;  // the whole warp; no barrier follows
  const std::int64_t example = row / posterior.samples, sample = row % posterior.samples;
  const std::int64_t latent = z.cols;
  const NoiseRow noise(posterior.noise, example);
  const float* means = posterior.mean.data + example * posterior.mean.stride;
  const float* log_variances = posterior.log_variance.data + example * posterior.log_variance.stride;
  const std::int64_t first_dimension = (posterior.noise.first_sample + sample) * latent;
  float kl_sum = 0.0f, ratio_sum = 0.0f;
  for (std::int64_t first = 4 * lane_in_warp(); first < latent; first += 4 * kWarpSize) {
    float normals[4];
    noise.normals(first_dimension + first, normals);
    for (int j = 0; j < 4 && first + j < latent; ++j) {
      const std::int64_t d = first + j;
      const float mean = means[d], log_variance = log_variances[d];
      const float deviation = math::exp(0.5f * log_variance);
      const float value = mean + deviation * normals[j];
      z.data[row * z.stride + d] = value;
      kl_sum += mean * mean + (deviation * deviation - log_variance - 1.0f);
      ratio_sum += value * value - normals[j] * normals[j] - log_variance;
    }
  }
  kl_sum = warp_sum(kl_sum);
  ratio_sum = warp_sum(ratio_sum);
  if (lane_in_warp() != 0) return;
  if (kl.data && sample == 0) kl.data[example] = 0.5f * kl_sum;
  if (log_ratio.data) log_ratio.data[row] = 0.5f * ratio_sum;
}

/// Each thread computes four dimensions of one example, over all its samples.
__global__ void __launch_bounds__(kThreads)
    gradient_kernel(SampleGradient gradient, VectorView<const float> kl_per_sample,
                    MatrixView<const float> dz, NoiseSource source, std::int64_t samples) {
  const std::int64_t latent = dz.cols, quads = (latent + 3) / 4;
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= gradient.dmean.rows * quads) return;
  const std::int64_t example = item / quads, first = 4 * (item % quads);
  const NoiseRow noise(source, example);
  float dz_sum[4] = {}, dz_noise_sum[4] = {}, weight_sum = 0.0f;
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    float normals[4];
    noise.normals((source.first_sample + sample) * latent + first, normals);
    const std::int64_t row = example * samples + sample;
    const float* from = dz.data + row * dz.stride + first;
    const float weight = kl_per_sample.data ? gradient.kl_weight() * kl_per_sample.data[row] : 0.0f;
    weight_sum += weight;
    for (int j = 0; j < 4 && first + j < latent; ++j) {
      float value = from[j];
      if (kl_per_sample.data) value += weight * gradient.sample(example, first + j, normals[j]);
      dz_sum[j] += value;
      dz_noise_sum[j] += value * normals[j];
    }
  }
  for (int j = 0; j < 4 && first + j < latent; ++j) {
    if (kl_per_sample.data) {
      gradient.write_weighted(example, first + j, dz_sum[j], dz_noise_sum[j], weight_sum);
    } else {
      gradient.write(example, first + j, dz_sum[j], dz_noise_sum[j]);
    }
  }
}

}  // namespace

void reparameterize(Context& context, MatrixView<float> z, VectorView<float> kl, VectorView<float> log_ratio,
                    MatrixView<const float> mean, MatrixView<const float> log_variance,
                    const NoiseSource& noise) {
  const Posterior posterior{mean, log_variance, noise, z.rows / mean.rows};
  launch(context.cuda(), LaunchShape{blocks_for(z.rows, kRows), kThreads}, sample_kernel, z, kl, log_ratio,
         posterior);
}

void reparameterize_backward(Context& context, MatrixView<float> dmean, MatrixView<float> dlog_variance,
                             MatrixView<const float> dz, MatrixView<const float> mean,
                             MatrixView<const float> log_variance, const ops::KlWeight& weight, float divisor,
                             const NoiseSource& noise) {
  const std::int64_t items = mean.rows * ((mean.cols + 3) / 4);
  const SampleGradient gradient{dmean,          dlog_variance,        mean,   log_variance, weight.scale,
                                weight.per_row, weight.per_dimension, divisor};
  launch(context.cuda(), LaunchShape{blocks_for(items, kThreads), kThreads}, gradient_kernel, gradient,
         weight.per_sample, dz, noise, dz.rows / mean.rows);
}

}  // namespace elbo::cuda
