#include "ops/reparameterize.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/reparameterize.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include <algorithm>

#include "ops/kernels.h"
#include "ops/noise_chunk.h"
#include "ops/noise_row.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

#ifndef ELBO_OPS_REPARAMETERIZE_ROW
#define ELBO_OPS_REPARAMETERIZE_ROW
namespace elbo::ops {

/// One sample of one example; pointers are to its first dimension.
struct SampleRow {
  NoiseRow noise;
  std::int64_t first_dimension;  // of the noise
  const float* mean;
  const float* log_variance;
  float* z;
  float* kl;         // or null
  float* log_ratio;  // or null
  std::int64_t latent;
};

/// All samples of one example.
struct SampleGradientRow {
  NoiseRow noise;
  std::int64_t first_dimension;
  const float* mean;
  const float* log_variance;
  const float* dz;
  std::int64_t dz_stride;
  std::int64_t samples;
  float kl_weight;
  const float* per_dimension;  // or null
  const float* per_sample;     // or null
  float* dmean;
  float* dlog_variance;
  std::int64_t latent;
};

}  // namespace elbo::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;
using formulas::for_lanes;

constexpr std::int64_t kChunk = NoiseChunk::kSize;  // dimensions done at once

struct RowSums {
  Floats kl;
  Floats log_ratio;
};

/// Computes the dimensions from d on, whose normals are at `normals`.
template <class Access>
HWY_INLINE void sample_lanes(Access access, const SampleRow& row, std::int64_t d, const float* normals,
                             RowSums& sums) {
  const Floats half(0.5f), one(1.0f);
  const Floats mean = access.load(row.mean + d), log_variance = access.load(row.log_variance + d);
  const Floats noise = access.load(normals);
  const Floats deviation = exp(half * log_variance);
  const Floats z = mean + deviation * noise;
  access.store(z, row.z + d);
  sums.kl += access.keep(mean * mean + (deviation * deviation - log_variance - one));
  sums.log_ratio += access.keep(z * z - noise * noise - log_variance);
}

void sample_row(const SampleRow& row) {
  NoiseChunk chunk;
  RowSums sums{Floats(0.0f), Floats(0.0f)};
  for (std::int64_t first = 0; first < row.latent; first += kChunk) {
    const std::int64_t count = std::min(kChunk, row.latent - first);
    const float* normals = chunk.fill(row.noise, row.first_dimension + first, count, Normals());
    for_lanes(count,
              [&](auto access, std::int64_t d) { sample_lanes(access, row, first + d, normals + d, sums); });
  }
  if (row.kl) *row.kl = 0.5f * sums.kl.sum();
  if (row.log_ratio) *row.log_ratio = 0.5f * sums.log_ratio.sum();
}

/// Sums over the samples for a chunk: Σ_k dz and Σ_k dz ε, where dz may include log_ratio's gradient.
struct GradientSums {
  float dz[kChunk];
  float dz_noise[kChunk];
};

template <class Access>
HWY_INLINE void add_sample(Access access, const float* dz, const float* normals, GradientSums& sums,
                           std::int64_t d) {
  const Floats gradient = access.load(dz + d);
  (Floats::load(sums.dz + d) + gradient).store(sums.dz + d);
  (Floats::load(sums.dz_noise + d) + gradient * access.load(normals + d)).store(sums.dz_noise + d);
}

template <class Access>
HWY_INLINE void gradient_lanes(Access access, const SampleGradientRow& row, std::int64_t d, const float* dz,
                               const float* dz_noise) {
  const Floats half(0.5f), one(1.0f);
  const Floats mean = access.load(row.mean + d), log_variance = access.load(row.log_variance + d);
  const Floats deviation = exp(half * log_variance);
  Floats weight(row.kl_weight);
  if (row.per_dimension) weight = weight * access.load(row.per_dimension + d);
  access.store(Floats::load(dz) + weight * mean, row.dmean + d);
  access.store(half * (deviation * Floats::load(dz_noise) + weight * (deviation * deviation - one)),
               row.dlog_variance + d);
}

/// The z of a weighted log_ratio, which adds its weight times z to dz.
struct WeightedSample {
  float weight;
  const float* mean;
  const float* deviation;
};

template <class Access>
HWY_INLINE void add_weighted(Access access, const WeightedSample& sample, const float* dz,
                             const float* normals, GradientSums& sums, std::int64_t d) {
  const Floats noise = access.load(normals + d);
  const Floats z = access.load(sample.mean + d) + Floats::load(sample.deviation + d) * noise;
  const Floats gradient = access.load(dz + d) + Floats(sample.weight) * z;
  (Floats::load(sums.dz + d) + gradient).store(sums.dz + d);
  (Floats::load(sums.dz_noise + d) + gradient * noise).store(sums.dz_noise + d);
}

/// The gradient with weights per sample, which add up to `weight`.
template <class Access>
HWY_INLINE void weighted_lanes(Access access, const SampleGradientRow& row, std::int64_t d,
                               const GradientSums& sums, const float* deviation, std::int64_t at,
                               float weight) {
  access.store(Floats::load(sums.dz + at), row.dmean + d);
  access.store(
      Floats(0.5f) * (Floats::load(deviation + at) * Floats::load(sums.dz_noise + at) - Floats(weight)),
      row.dlog_variance + d);
}

void weighted_gradient_row(const SampleGradientRow& row) {
  NoiseChunk chunk;
  float total = 0.0f;
  for (std::int64_t k = 0; k < row.samples; ++k) total += row.kl_weight * row.per_sample[k];
  for (std::int64_t first = 0; first < row.latent; first += kChunk) {
    const std::int64_t count = std::min(kChunk, row.latent - first);
    GradientSums sums{};
    float deviation[kChunk];
    for_lanes(count, [&](auto access, std::int64_t d) {
      exp(Floats(0.5f) * access.load(row.log_variance + first + d)).store(deviation + d);
    });
    for (std::int64_t k = 0; k < row.samples; ++k) {
      const float* normals =
          chunk.fill(row.noise, row.first_dimension + k * row.latent + first, count, Normals());
      const float* dz = row.dz + k * row.dz_stride + first;
      const WeightedSample sample{row.kl_weight * row.per_sample[k], row.mean + first, deviation};
      for_lanes(count,
                [&](auto access, std::int64_t d) { add_weighted(access, sample, dz, normals, sums, d); });
    }
    for_lanes(count, [&](auto access, std::int64_t d) {
      weighted_lanes(access, row, first + d, sums, deviation, d, total);
    });
  }
}

void gradient_row(const SampleGradientRow& row) {
  if (row.per_sample) return weighted_gradient_row(row);
  NoiseChunk chunk;
  for (std::int64_t first = 0; first < row.latent; first += kChunk) {
    const std::int64_t count = std::min(kChunk, row.latent - first);
    GradientSums sums{};
    for (std::int64_t k = 0; k < row.samples; ++k) {
      const float* normals =
          chunk.fill(row.noise, row.first_dimension + k * row.latent + first, count, Normals());
      const float* dz = row.dz + k * row.dz_stride + first;
      for_lanes(count, [&](auto access, std::int64_t d) { add_sample(access, dz, normals, sums, d); });
    }
    for_lanes(count, [&](auto access, std::int64_t d) {
      gradient_lanes(access, row, first + d, sums.dz + d, sums.dz_noise + d);
    });
  }
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(sample_row);
HWY_EXPORT(gradient_row);

constexpr std::int64_t kParallelSize = 1 << 10;  // normals

/// Checks the arguments of both ops: `z` or dz [n·K, latent] and the posterior [n, latent].
void check_shapes(const char* op, const MatrixView<const float>& z, const MatrixView<const float>& mean,
                  const MatrixView<const float>& log_variance, const NoiseSource& noise) {
  check_shape(op, "log_variance", log_variance, mean.rows, mean.cols);
  ELBO_CHECK(z.cols == mean.cols && rows_per_example(z.rows, mean.rows), ShapeError, op,
             " was given z or its gradient ", shape(z), " for a posterior ", shape(mean));
  const std::int64_t samples = mean.rows == 0 ? 0 : z.rows / mean.rows;
  check_noise(op, noise, samples, mean.cols);
}

}  // namespace

void reparameterize(Context& context, MatrixView<float> z, VectorView<float> kl, VectorView<float> log_ratio,
                    MatrixView<const float> mean, MatrixView<const float> log_variance,
                    const NoiseSource& noise) {
  check_shapes("reparameterize", z, mean, log_variance, noise);
  check_optional_size("reparameterize", "kl", kl, mean.rows);
  check_optional_size("reparameterize", "log_ratio", log_ratio, z.rows);
  if (z.rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("reparameterize", concat(mean.rows, "x", 2 * mean.cols, " -> ", z.rows, "x", z.cols),
                      4.0 * static_cast<double>(2 * mean.rows * mean.cols + z.rows * z.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context,
                       [&] { cuda::reparameterize(context, z, kl, log_ratio, mean, log_variance, noise); });
  }
  const std::int64_t samples = z.rows / mean.rows, latent = z.cols;
  parallel_for(context.team(), z.rows, z.rows * latent >= kParallelSize, [&](std::int64_t row) {
    const std::int64_t i = row / samples, k = row % samples;
    HWY_DYNAMIC_DISPATCH(sample_row)
    (SampleRow{noise_row(noise, i), (noise.first_sample + k) * latent, mean.row(i), log_variance.row(i),
               z.row(row), kl.empty() || k > 0 ? nullptr : kl.data + i,
               log_ratio.empty() ? nullptr : log_ratio.data + row, latent});
  });
}

void reparameterize_backward(Context& context, MatrixView<float> dmean, MatrixView<float> dlog_variance,
                             MatrixView<const float> dz, MatrixView<const float> mean,
                             MatrixView<const float> log_variance, const KlWeight& weight, float divisor,
                             const NoiseSource& noise) {
  constexpr const char* kOp = "reparameterize_backward";
  check_shapes(kOp, dz, mean, log_variance, noise);
  const std::int64_t rows = mean.rows, latent = mean.cols;
  check_shape(kOp, "dmean", dmean, rows, latent);
  check_shape(kOp, "dlog_variance", dlog_variance, rows, latent);
  check_optional_size(kOp, "weight.per_row", weight.per_row, rows);
  check_optional_size(kOp, "weight.per_dimension", weight.per_dimension, latent);
  check_optional_size(kOp, "weight.per_sample", weight.per_sample, dz.rows);
  ELBO_CHECK(weight.per_sample.empty() || (weight.per_row.empty() && weight.per_dimension.empty()),
             ShapeError, kOp, " was given weights per sample and others besides");
  if (rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call(kOp, concat(dz.rows, "x", dz.cols, " -> ", rows, "x", 2 * latent),
                      4.0 * static_cast<double>(4 * rows * latent + dz.rows * dz.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::reparameterize_backward(context, dmean, dlog_variance, dz, mean, log_variance, weight, divisor,
                                    noise);
    });
  }
  const std::int64_t samples = dz.rows / rows;
  const float scale = (weight.scale ? *weight.scale : 1.0f) / divisor;
  parallel_for(context.team(), rows, dz.rows * latent >= kParallelSize, [&](std::int64_t i) {
    const float per_row = weight.per_row.empty() ? 1.0f : weight.per_row.data[i];
    HWY_DYNAMIC_DISPATCH(gradient_row)
    (SampleGradientRow{noise_row(noise, i), noise.first_sample * latent, mean.row(i), log_variance.row(i),
                       dz.row(i * samples), dz.stride, samples, scale * per_row, weight.per_dimension.data,
                       weight.per_sample.empty() ? nullptr : weight.per_sample.data + i * samples,
                       dmean.row(i), dlog_variance.row(i), latent});
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
