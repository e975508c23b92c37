// Codes relative to a Gaussian prior of each example. All are small beside the network's products, so plain
// kernels suffice: one value per thread.

#include "ops/conditional_prior.h"

#include "math/elementary.h"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;

/// A value of a matrix.
struct Place {
  std::int64_t row, d;

  template <class T>
  __device__ T& of(const MatrixView<T>& matrix) const {
    return matrix.data[row * matrix.stride + d];
  }
  /// The value in a matrix that has one row for `samples` rows of this one.
  template <class T>
  __device__ T& of_example(const MatrixView<T>& matrix, std::int64_t samples) const {
    return matrix.data[row / samples * matrix.stride + d];
  }
};

__device__ inline std::int64_t item_of_thread() {
  return static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
}

LaunchShape shape_for(const MatrixView<const float>& matrix) {
  return {blocks_for(matrix.rows * matrix.cols, kThreads), kThreads};
}

__global__ void __launch_bounds__(kThreads)
    relative_kernel(ops::Moments<float> relative, ops::Moments<const float> posterior,
                    ops::Moments<const float> prior) {
  const std::int64_t item = item_of_thread();
  if (item >= prior.mean.rows * prior.mean.cols) return;
  const Place at{item / prior.mean.cols, item % prior.mean.cols};
  const float log_variance = at.of(prior.log_variance);
  at.of(relative.mean) = (at.of(posterior.mean) - at.of(prior.mean)) * math::exp(-0.5f * log_variance);
  at.of(relative.log_variance) = at.of(posterior.log_variance) - log_variance;
}

struct PriorGradient {
  MatrixView<float> dmean;
  ops::Moments<float> dprior;
  ops::Moments<const float> relative;
  MatrixView<const float> u;
  MatrixView<const float> prior_log_variance;
  ops::KlWeight weight;
  float divisor;
  std::int64_t samples;
};

/// Each thread takes one dimension of one example, over all its samples.
__global__ void __launch_bounds__(kThreads) prior_gradient_kernel(PriorGradient g) {
  const std::int64_t item = item_of_thread();
  if (item >= g.dmean.rows * g.dmean.cols) return;
  const Place at{item / g.dmean.cols, item % g.dmean.cols};
  const float scale = (g.weight.scale ? *g.weight.scale : 1.0f) / g.divisor;
  float of_mean = 0.0f, of_log_variance = 0.0f;
  if (g.weight.per_sample.data) {
    for (std::int64_t row = at.row * g.samples; row < (at.row + 1) * g.samples; ++row) {
      const float weight = scale * g.weight.per_sample.data[row], u = g.u.data[row * g.u.stride + at.d];
      of_mean += weight * u;
      of_log_variance += weight * (1.0f - u * u);
    }
  } else {
    const float of_row = g.weight.per_row.data ? g.weight.per_row.data[at.row] : 1.0f;
    const float of_dimension = g.weight.per_dimension.data ? g.weight.per_dimension.data[at.d] : 1.0f;
    const float weight = scale * of_row * of_dimension, mean = at.of(g.relative.mean);
    of_mean = weight * mean;
    of_log_variance = weight * (1.0f - mean * mean - math::exp(at.of(g.relative.log_variance)));
  }
  const float inverse = math::exp(-0.5f * at.of(g.prior_log_variance));
  at.of(g.dmean) *= inverse;
  at.of(g.dprior.mean) = -(of_mean * inverse);
  at.of(g.dprior.log_variance) = 0.5f * of_log_variance;
}

__global__ void __launch_bounds__(kThreads)
    place_kernel(MatrixView<float> z, MatrixView<const float> u, ops::Moments<const float> prior,
                 std::int64_t samples) {
  const std::int64_t item = item_of_thread();
  if (item >= z.rows * z.cols) return;
  const Place at{item / z.cols, item % z.cols};
  const float deviation = math::exp(0.5f * at.of_example(prior.log_variance, samples));
  at.of(z) = at.of_example(prior.mean, samples) + deviation * at.of(u);
}

__global__ void __launch_bounds__(kThreads)
    scale_kernel(MatrixView<float> dz, MatrixView<const float> log_variance, std::int64_t samples) {
  const std::int64_t item = item_of_thread();
  if (item >= dz.rows * dz.cols) return;
  const Place at{item / dz.cols, item % dz.cols};
  at.of(dz) *= math::exp(0.5f * at.of_example(log_variance, samples));
}

}  // namespace

void relative_moments(Context& context, const ops::Moments<float>& relative,
                      const ops::Moments<const float>& posterior, const ops::Moments<const float>& prior) {
  launch(context.cuda(), shape_for(prior.mean), relative_kernel, relative, posterior, prior);
}

void relative_moments_backward(Context& context, MatrixView<float> dmean, const ops::Moments<float>& dprior,
                               const ops::Moments<const float>& relative, MatrixView<const float> u,
                               MatrixView<const float> prior_log_variance, const ops::KlWeight& weight,
                               float divisor) {
  launch(context.cuda(), shape_for(dmean), prior_gradient_kernel,
         PriorGradient{dmean, dprior, relative, u, prior_log_variance, weight, divisor, u.rows / dmean.rows});
}

void place_codes(Context& context, MatrixView<float> z, MatrixView<const float> u,
                 const ops::Moments<const float>& prior) {
  launch(context.cuda(), shape_for(z), place_kernel, z, u, prior, z.rows / prior.mean.rows);
}

void place_codes_backward(Context& context, MatrixView<float> dz,
                          MatrixView<const float> prior_log_variance) {
  launch(context.cuda(), shape_for(dz), scale_kernel, dz, prior_log_variance,
         dz.rows / prior_log_variance.rows);
}

}  // namespace elbo::cuda
