#pragma once
// The gradient in a Gaussian posterior's mean and log-variance, of one example and dimension. Goes behind an
// op's contract, which brings the views.

#include "math/elementary.h"
#include "platform.cuh"

namespace elbo::cuda {

struct SampleGradient {
  MatrixView<float> dmean, dlog_variance;
  MatrixView<const float> mean, log_variance;
  const float* kl_scale;  ///< or null: 1
  VectorView<const float> kl_per_row, kl_per_dimension;
  float divisor;

  /// From Σ_k dz and Σ_k dz ε; the formulas are in ops/reparameterize.h.
  __device__ void write(std::int64_t example, std::int64_t d, float dz, float dz_noise) const {
    const float row_weight =
        (kl_scale ? *kl_scale : 1.0f) / divisor * (kl_per_row.data ? kl_per_row.data[example] : 1.0f);
    const float c = row_weight * (kl_per_dimension.data ? kl_per_dimension.data[d] : 1.0f);
    const float deviation = math::exp(0.5f * log_variance.data[example * log_variance.stride + d]);
    dmean.data[example * dmean.stride + d] = dz + c * mean.data[example * mean.stride + d];
    dlog_variance.data[example * dlog_variance.stride + d] =
        0.5f * (deviation * dz_noise + c * (deviation * deviation - 1.0f));
  }
};

}  // namespace elbo::cuda
