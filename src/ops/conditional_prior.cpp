#include "ops/conditional_prior.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/conditional_prior.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

#ifndef ELBO_OPS_CONDITIONAL_PRIOR_ROW
#define ELBO_OPS_CONDITIONAL_PRIOR_ROW
namespace elbo::ops {

/// An example's row of moments.
template <class T>
struct MomentsRow {
  T* mean;
  T* log_variance;
};

/// The codes of one example.
struct CodeRows {
  float* data;
  std::int64_t stride, samples, latent;
};

/// All samples of one example.
struct PriorGradientRow {
  float* dmean;
  MomentsRow<float> dprior;
  MomentsRow<const float> relative;
  const float* u;
  std::int64_t u_stride, samples, latent;
  const float* prior_log_variance;
  float kl_weight;
  const float* per_dimension;  // or null
  const float* per_sample;     // or null
};

}  // namespace elbo::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;
using formulas::for_lanes;

void relative_row(const MomentsRow<float>& relative, const MomentsRow<const float>& posterior,
                  const MomentsRow<const float>& prior, std::int64_t latent) {
  for_lanes(latent, [&](auto access, std::int64_t d) {
    const Floats log_variance = access.load(prior.log_variance + d);
    const Floats apart = access.load(posterior.mean + d) - access.load(prior.mean + d);
    access.store(apart * exp(Floats(-0.5f) * log_variance), relative.mean + d);
    access.store(access.load(posterior.log_variance + d) - log_variance, relative.log_variance + d);
  });
}

/// Σ c u and Σ c (1 − u²) over the samples, or the same expected of the posterior with the KL's weight.
struct PriorSlopes {
  Floats mean, log_variance;
};

template <class Access>
HWY_INLINE PriorSlopes slopes_of_samples(Access access, const PriorGradientRow& row, std::int64_t d) {
  PriorSlopes sums{Floats(0.0f), Floats(0.0f)};
  for (std::int64_t k = 0; k < row.samples; ++k) {
    const Floats weight(row.kl_weight * row.per_sample[k]), u = access.load(row.u + k * row.u_stride + d);
    sums.mean += weight * u;
    sums.log_variance += weight * (Floats(1.0f) - u * u);
  }
  return sums;
}

template <class Access>
HWY_INLINE PriorSlopes slopes_of_kl(Access access, const PriorGradientRow& row, std::int64_t d) {
  Floats weight(row.kl_weight);
  if (row.per_dimension) weight = weight * access.load(row.per_dimension + d);
  const Floats mean = access.load(row.relative.mean + d);
  const Floats variance = exp(access.load(row.relative.log_variance + d));
  return {weight * mean, weight * (Floats(1.0f) - mean * mean - variance)};
}

void prior_gradient_row(const PriorGradientRow& row) {
  for_lanes(row.latent, [&](auto access, std::int64_t d) {
    const PriorSlopes slopes =
        row.per_sample ? slopes_of_samples(access, row, d) : slopes_of_kl(access, row, d);
    const Floats inverse = exp(Floats(-0.5f) * access.load(row.prior_log_variance + d));
    access.store(access.load(row.dmean + d) * inverse, row.dmean + d);
    access.store(-(slopes.mean * inverse), row.dprior.mean + d);
    access.store(Floats(0.5f) * slopes.log_variance, row.dprior.log_variance + d);
  });
}

/// Rows of codes of one example; the prior's deviation is computed once for all.
void place_rows(const CodeRows& z, const float* u, std::int64_t u_stride,
                const MomentsRow<const float>& prior) {
  for_lanes(z.latent, [&](auto access, std::int64_t d) {
    const Floats mean = access.load(prior.mean + d);
    const Floats deviation = exp(Floats(0.5f) * access.load(prior.log_variance + d));
    for (std::int64_t k = 0; k < z.samples; ++k)
      access.store(mean + deviation * access.load(u + k * u_stride + d), z.data + k * z.stride + d);
  });
}

void place_back_rows(const CodeRows& dz, const float* log_variance) {
  for_lanes(dz.latent, [&](auto access, std::int64_t d) {
    const Floats deviation = exp(Floats(0.5f) * access.load(log_variance + d));
    for (std::int64_t k = 0; k < dz.samples; ++k) {
      float* const at = dz.data + k * dz.stride + d;
      access.store(access.load(at) * deviation, at);
    }
  });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(relative_row);
HWY_EXPORT(prior_gradient_row);
HWY_EXPORT(place_rows);
HWY_EXPORT(place_back_rows);

constexpr std::int64_t kParallelSize = 1 << 12;  // values

template <class T>
MomentsRow<T> moments_row(const Moments<T>& moments, std::int64_t i) {
  return {moments.mean.row(i), moments.log_variance.row(i)};
}

template <class T>
void check_moments(const char* op, const Moments<T>& moments, std::int64_t rows, std::int64_t latent) {
  check_shape(op, "mean", moments.mean, rows, latent);
  check_shape(op, "log_variance", moments.log_variance, rows, latent);
}

/// Throws unless there are as many codes of each example.
void check_code_rows(const char* op, const MatrixView<const float>& codes, std::int64_t examples,
                     std::int64_t latent) {
  ELBO_CHECK(codes.cols == latent && rows_per_example(codes.rows, examples), ShapeError, op, " was given ",
             shape(codes), " codes for ", shape(examples, latent), " moments");
}

CodeRows rows_of_example(const MatrixView<float>& codes, std::int64_t samples, std::int64_t i) {
  return {codes.row(i * samples), codes.stride, samples, codes.cols};
}

OpCall moments_call(const char* op, std::int64_t rows, std::int64_t latent, std::int64_t values) {
  return plain_call(op, concat(rows, "x", latent), 4.0 * static_cast<double>(values));
}

}  // namespace

void relative_moments(Context& context, const Moments<float>& relative, const Moments<const float>& posterior,
                      const Moments<const float>& prior) {
  constexpr const char* kOp = "relative_moments";
  const std::int64_t rows = prior.mean.rows, latent = prior.mean.cols;
  check_moments(kOp, relative, rows, latent);
  check_moments(kOp, posterior, rows, latent);
  check_moments(kOp, prior, rows, latent);
  if (rows == 0) return;
  const TracedOp traced(context, [&] { return moments_call(kOp, rows, latent, 6 * rows * latent); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::relative_moments(context, relative, posterior, prior); });
  }
  parallel_for(context.team(), rows, rows * latent >= kParallelSize, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(relative_row)
    (moments_row(relative, i), moments_row(posterior, i), moments_row(prior, i), latent);
  });
}

void relative_moments_backward(Context& context, MatrixView<float> dmean, const Moments<float>& dprior,
                               const Moments<const float>& relative, MatrixView<const float> u,
                               MatrixView<const float> prior_log_variance, const KlWeight& weight,
                               float divisor) {
  constexpr const char* kOp = "relative_moments_backward";
  const std::int64_t rows = dmean.rows, latent = dmean.cols;
  check_moments(kOp, dprior, rows, latent);
  check_moments(kOp, relative, rows, latent);
  check_shape(kOp, "prior_log_variance", prior_log_variance, rows, latent);
  check_code_rows(kOp, u, rows, latent);
  check_optional_size(kOp, "weight.per_row", weight.per_row, rows);
  check_optional_size(kOp, "weight.per_dimension", weight.per_dimension, latent);
  check_optional_size(kOp, "weight.per_sample", weight.per_sample, u.rows);
  if (rows == 0) return;
  const bool by_sample = !weight.per_sample.empty();
  const TracedOp traced(context, [&] {
    return moments_call(kOp, rows, latent, 5 * rows * latent + (by_sample ? u.rows : 2 * rows) * latent);
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::relative_moments_backward(context, dmean, dprior, relative, u, prior_log_variance, weight,
                                      divisor);
    });
  }
  const std::int64_t samples = u.rows / rows;
  const float scale = (weight.scale ? *weight.scale : 1.0f) / divisor;
  parallel_for(context.team(), rows, rows * latent >= kParallelSize, [&](std::int64_t i) {
    const float of_row = weight.per_row.empty() ? 1.0f : weight.per_row.data[i];
    HWY_DYNAMIC_DISPATCH(prior_gradient_row)
    (PriorGradientRow{.dmean = dmean.row(i),
                      .dprior = moments_row(dprior, i),
                      .relative = moments_row(relative, i),
                      .u = u.row(i * samples),
                      .u_stride = u.stride,
                      .samples = samples,
                      .latent = latent,
                      .prior_log_variance = prior_log_variance.row(i),
                      .kl_weight = by_sample ? scale : scale * of_row,
                      .per_dimension = weight.per_dimension.data,
                      .per_sample = by_sample ? weight.per_sample.data + i * samples : nullptr});
  });
}

void place_codes(Context& context, MatrixView<float> z, MatrixView<const float> u,
                 const Moments<const float>& prior) {
  constexpr const char* kOp = "place_codes";
  const std::int64_t rows = prior.mean.rows, latent = prior.mean.cols;
  check_moments(kOp, prior, rows, latent);
  check_code_rows(kOp, z, rows, latent);
  check_shape(kOp, "u", u, z.rows, latent);
  if (z.rows == 0) return;
  const TracedOp traced(context,
                        [&] { return moments_call(kOp, z.rows, latent, 2 * (z.rows + rows) * latent); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::place_codes(context, z, u, prior); });
  }
  const std::int64_t samples = z.rows / rows;
  parallel_for(context.team(), rows, z.rows * latent >= kParallelSize, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(place_rows)
    (rows_of_example(z, samples, i), u.row(i * samples), u.stride, moments_row(prior, i));
  });
}

void place_codes_backward(Context& context, MatrixView<float> dz,
                          MatrixView<const float> prior_log_variance) {
  constexpr const char* kOp = "place_codes_backward";
  const std::int64_t rows = prior_log_variance.rows, latent = prior_log_variance.cols;
  check_code_rows(kOp, dz, rows, latent);
  if (dz.rows == 0) return;
  const TracedOp traced(context,
                        [&] { return moments_call(kOp, dz.rows, latent, (2 * dz.rows + rows) * latent); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::place_codes_backward(context, dz, prior_log_variance); });
  }
  const std::int64_t samples = dz.rows / rows;
  parallel_for(context.team(), rows, dz.rows * latent >= kParallelSize, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(place_back_rows)(rows_of_example(dz, samples, i), prior_log_variance.row(i));
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
