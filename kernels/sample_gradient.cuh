#pragma once
// The gradient in a Gaussian posterior's mean and log-variance, for one example and dimension. Included after
// the header of an op, which provides the views.

#include "math/elementary.h"
#include "platform.cuh"

namespace elbo::cuda {

struct SampleGradient {
  MatrixView<float> dmean, dlog_variance;
  MatrixView<const float> mean, log_variance;
  const float* kl_scale;  ///< null: 1
  VectorView<const float> kl_per_row, kl_per_dimension;
  float divisor;

  /// Writes the gradient from Σ_k dz and Σ_k dz ε; the formulas are in ops/reparameterize.h.
  __device__ void write(std::int64_t example, std::int64_t d, float dz, float dz_noise) const {
    const float row_weight = kl_weight() * (kl_per_row.data ? kl_per_row.data[example] : 1.0f);
    const float c = row_weight * (kl_per_dimension.data ? kl_per_dimension.data[d] : 1.0f);
    const float deviation = this->deviation(example, d);
    dmean.data[example * dmean.stride + d] = dz + c * mean.data[example * mean.stride + d];
    dlog_variance.data[example * dlog_variance.stride + d] =
        0.5f * (deviation * dz_noise + c * (deviation * deviation - 1.0f));
  }

  /// Writes the gradient from Σ_k g and Σ_k g ε of weighted log-ratios, whose weights add up to `weight`.
  __device__ void write_weighted(std::int64_t example, std::int64_t d, float g, float g_noise,
                                 float weight) const {
    dmean.data[example * dmean.stride + d] = g;
    dlog_variance.data[example * dlog_variance.stride + d] =
        0.5f * (deviation(example, d) * g_noise - weight);
  }

  __device__ float kl_weight() const { return (kl_scale ? *kl_scale : 1.0f) / divisor; }
  __device__ float deviation(std::int64_t example, std::int64_t d) const {
    return math::exp(0.5f * log_variance.data[example * log_variance.stride + d]);
  }
  /// The sample z for this noise.
  __device__ float sample(std::int64_t example, std::int64_t d, float noise) const {
    return mean.data[example * mean.stride + d] + deviation(example, d) * noise;
  }
};

}  // namespace elbo::cuda
