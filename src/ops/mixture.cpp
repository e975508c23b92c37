#include "ops/mixture.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/mixture.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include <algorithm>
#include <limits>

#include "ops/kernels.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

#ifndef ELBO_OPS_MIXTURE_ROWS
#define ELBO_OPS_MIXTURE_ROWS
namespace elbo::ops {

/// Number of codes that are compared with the components together; each gets the same result as alone.
constexpr std::int64_t kCodes = 4;

struct CodeGroup {
  const float* z[kCodes];
  float* responsibilities[kCodes];  // each null if not wanted
  std::int64_t latent;
  const Mixture* mixture;
};

/// One code's gradient.
struct CodeGradientRow {
  const float* z;
  float* dz;
  std::int64_t latent;
  const Mixture* mixture;
  const float* responsibilities;
  float weight;
};

/// One component's gradient over all codes.
struct ComponentGradientRow {
  std::int64_t component;
  MatrixView<const float> z;
  const Mixture* mixture;
  MatrixView<const float> responsibilities;
  const float* weights;
  float* dmean;
  float* dlog_variance;
  float* dlogit;  // or null
  bool accumulate;
};

}  // namespace elbo::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;
using formulas::for_lanes;

constexpr std::int64_t kChunk = 256;  // components, or dimensions, done at once

/// Writes a component's precisions; returns Σ_d log σ².
float invert_variances(float* precision, const float* log_variance, std::int64_t latent) {
  Floats sum(0.0f);
  for_lanes(latent, [&](auto access, std::int64_t d) {
    const Floats value = access.load(log_variance + d);
    access.store(exp(-value), precision + d);
    sum += access.keep(value);
  });
  return sum.sum();
}

float squared_norm(const float* z, std::int64_t latent) {
  Floats sum(0.0f);
  for_lanes(latent, [&](auto access, std::int64_t d) {
    const Floats value = access.load(z + d);
    sum += value * value;
  });
  return sum.sum();
}

/// logs [kCodes] = log_scale − ½ Σ_d (z − μ)² / σ².
HWY_INLINE void log_densities(float* logs, const CodeGroup& codes, std::int64_t c) {
  const float* const mean = codes.mixture->mean.row(c);
  const float* const precision = codes.mixture->precision.row(c);
  Floats sums[kCodes] = {Floats(0.0f), Floats(0.0f), Floats(0.0f), Floats(0.0f)};
  for_lanes(codes.latent, [&](auto access, std::int64_t d) {
    const Floats middle = access.load(mean + d), scale = access.load(precision + d);
    for (std::int64_t i = 0; i < kCodes; ++i) {
      const Floats apart = access.load(codes.z[i] + d) - middle;
      sums[i] += apart * apart * scale;
    }
  });
  for (std::int64_t i = 0; i < kCodes; ++i) logs[i] = codes.mixture->log_scale.data[c] - 0.5f * sums[i].sum();
}

/// values[i] = exp(values[i] − shift); returns their sum.
HWY_INLINE float exponentials(float* values, std::int64_t count, float shift) {
  Floats sum(0.0f);
  for_lanes(count, [&](auto access, std::int64_t i) {
    const Floats value = exp(access.load(values + i) - Floats(shift));
    access.store(value, values + i);
    sum += access.keep(value);
  });
  return sum.sum();
}

/// log Σ exp of values that come in chunks.
struct LogSum {
  float largest = -std::numeric_limits<float>::infinity();
  float scaled = 0.0f;

  /// Overwrites the values.
  HWY_INLINE void add(float* values, std::int64_t count) {
    float top = largest;
    for (std::int64_t i = 0; i < count; ++i) top = values[i] > top ? values[i] : top;
    if (top == -std::numeric_limits<float>::infinity()) {  // nothing to add, or nothing but NaN
      for (std::int64_t i = 0; i < count; ++i) scaled += std::isnan(values[i]) ? values[i] : 0.0f;
      return;
    }
    if (scaled != 0.0f) scaled *= std::exp(largest - top);
    largest = top;
    scaled += exponentials(values, count, largest);
  }
  float value() const { return largest + std::log(scaled); }
};

/// log_sums [kCodes] = log Σ_c exp(a_c), and the responsibilities if wanted.
void log_sums_of_codes(float* log_sums, const CodeGroup& codes) {
  const std::int64_t components = codes.mixture->mean.rows;
  LogSum sums[kCodes];
  float logs[kCodes][kChunk];
  for (std::int64_t first = 0; first < components; first += kChunk) {
    const std::int64_t count = std::min(kChunk, components - first);
    for (std::int64_t c = 0; c < count; ++c) {
      float of_codes[kCodes];
      log_densities(of_codes, codes, first + c);
      for (std::int64_t i = 0; i < kCodes; ++i) logs[i][c] = of_codes[i];
    }
    for (std::int64_t i = 0; i < kCodes; ++i) {
      if (codes.responsibilities[i]) std::copy_n(logs[i], count, codes.responsibilities[i] + first);
      sums[i].add(logs[i], count);
    }
  }
  for (std::int64_t i = 0; i < kCodes; ++i) {
    log_sums[i] = sums[i].value();
    if (codes.responsibilities[i]) exponentials(codes.responsibilities[i], components, log_sums[i]);
  }
}

/// sum += r (z − μ) / σ².
HWY_INLINE void add_pull(float* sum, const CodeGradientRow& row, std::int64_t c, std::int64_t first,
                         std::int64_t count) {
  const Floats responsibility(row.responsibilities[c]);
  const float* const mean = row.mixture->mean.row(c) + first;
  const float* const precision = row.mixture->precision.row(c) + first;
  for_lanes(count, [&](auto access, std::int64_t d) {
    const Floats apart = access.load(row.z + first + d) - access.load(mean + d);
    (Floats::load(sum + d) + responsibility * apart * access.load(precision + d)).store(sum + d);
  });
}

void code_gradient_row(const CodeGradientRow& row) {
  const std::int64_t components = row.mixture->mean.rows;
  for (std::int64_t first = 0; first < row.latent; first += kChunk) {
    const std::int64_t count = std::min(kChunk, row.latent - first);
    float sum[kChunk] = {};
    for (std::int64_t c = 0; c < components; ++c) {
      // A far component's responsibility is 0: exp() underflowed.
      if (row.responsibilities[c] != 0.0f) add_pull(sum, row, c, first, count);
    }
    for_lanes(count, [&](auto access, std::int64_t d) {
      const Floats slope = Floats::load(sum + d) - access.load(row.z + first + d);
      float* const dz = row.dz + first + d;
      access.store(access.load(dz) + Floats(row.weight) * slope, dz);
    });
  }
}

/// Σ s (z − μ) and Σ s (z − μ)² over the codes, for some dimensions.
struct Moments {
  float first[kChunk];
  float second[kChunk];
};

HWY_INLINE void add_code(Moments& moments, const float* z, const float* mean, std::int64_t count,
                         float share) {
  const Floats weight(share);
  for_lanes(count, [&](auto access, std::int64_t d) {
    const Floats apart = access.load(z + d) - access.load(mean + d);
    const Floats weighted = weight * apart;
    (Floats::load(moments.first + d) + weighted).store(moments.first + d);
    (Floats::load(moments.second + d) + weighted * apart).store(moments.second + d);
  });
}

template <class Access>
HWY_INLINE void put(Access access, Floats value, float* to, bool accumulate) {
  access.store(accumulate ? access.load(to) + value : value, to);
}

void component_gradient_row(const ComponentGradientRow& row) {
  const std::int64_t c = row.component, latent = row.z.cols;
  const float* const mean = row.mixture->mean.row(c);
  const float* const precision = row.mixture->precision.row(c);
  float total = 0.0f;
  for (std::int64_t first = 0; first < latent; first += kChunk) {
    const std::int64_t count = std::min(kChunk, latent - first);
    Moments moments{};
    total = 0.0f;
    for (std::int64_t i = 0; i < row.z.rows; ++i) {
      const float share = row.weights[i] * row.responsibilities.row(i)[c];
      if (share == 0.0f) continue;
      total += share;
      add_code(moments, row.z.row(i) + first, mean + first, count, share);
    }
    for_lanes(count, [&](auto access, std::int64_t d) {
      const Floats scale = access.load(precision + first + d);
      put(access, -(scale * Floats::load(moments.first + d)), row.dmean + first + d, row.accumulate);
      put(access, Floats(-0.5f) * (scale * Floats::load(moments.second + d) - Floats(total)),
          row.dlog_variance + first + d, row.accumulate);
    });
  }
  if (!row.dlogit) return;
  float weights = 0.0f;
  for (std::int64_t i = 0; i < row.z.rows; ++i) weights += row.weights[i];
  const float slope = weights * std::exp(row.mixture->log_weight.data[c]) - total;
  *row.dlogit = row.accumulate ? *row.dlogit + slope : slope;
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(invert_variances);
HWY_EXPORT(squared_norm);
HWY_EXPORT(log_sums_of_codes);
HWY_EXPORT(code_gradient_row);
HWY_EXPORT(component_gradient_row);

constexpr std::int64_t kParallelSize = 1 << 14;  // number of the distances' terms

/// Checks the arguments of the passes over codes.
void check_codes(const char* op, const MatrixView<const float>& z, const Mixture& mixture) {
  const std::int64_t components = mixture.mean.rows;
  ELBO_CHECK(components > 0, ShapeError, op, " was given a mixture of no components");
  check_shape(op, "mean", mixture.mean, components, z.cols);
  check_shape(op, "precision", mixture.precision, components, z.cols);
  check_size(op, "log_weight", mixture.log_weight, components);
  check_size(op, "log_scale", mixture.log_scale, components);
}

OpCall call_of(const char* op, const MatrixView<const float>& z, const Mixture& mixture,
               std::int64_t more_values) {
  return plain_call(
      op, concat(z.rows, "x", z.cols, " of ", mixture.mean.rows),
      4.0 * static_cast<double>(z.rows * z.cols + 2 * mixture.mean.rows * z.cols + more_values));
}

float log_sum_exp(VectorView<const float> values) {
  const float largest = *std::max_element(values.data, values.data + values.size);
  float sum = 0.0f;
  for (std::int64_t i = 0; i < values.size; ++i) sum += std::exp(values.data[i] - largest);
  return largest + std::log(sum);
}

}  // namespace

void mixture_prepare(Context& context, MatrixView<float> precision, VectorView<float> log_weight,
                     VectorView<float> log_scale, MatrixView<const float> log_variance,
                     VectorView<const float> logits) {
  constexpr const char* kOp = "mixture_prepare";
  const std::int64_t components = log_variance.rows, latent = log_variance.cols;
  ELBO_CHECK(components > 0, ShapeError, kOp, " was given a mixture of no components");
  check_shape(kOp, "precision", precision, components, latent);
  check_size(kOp, "log_weight", log_weight, components);
  check_size(kOp, "log_scale", log_scale, components);
  check_optional_size(kOp, "logits", logits, components);
  const TracedOp traced(context, [&] {
    return plain_call(kOp, concat(components, "x", latent), 8.0 * static_cast<double>(components * latent));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::mixture_prepare(context, precision, log_weight, log_scale, log_variance, logits);
    });
  }
  const float norm = logits.empty() ? std::log(static_cast<float>(components)) : log_sum_exp(logits);
  for (std::int64_t c = 0; c < components; ++c) {
    const float sum = HWY_DYNAMIC_DISPATCH(invert_variances)(precision.row(c), log_variance.row(c), latent);
    log_weight.data[c] = (logits.empty() ? 0.0f : logits.data[c]) - norm;
    log_scale.data[c] = log_weight.data[c] - 0.5f * sum;
  }
}

void mixture_excess(Context& context, VectorView<float> excess, MatrixView<float> responsibilities,
                    MatrixView<const float> z, const Mixture& mixture) {
  constexpr const char* kOp = "mixture_excess";
  check_codes(kOp, z, mixture);
  check_size(kOp, "excess", excess, z.rows);
  check_optional_shape(kOp, "responsibilities", responsibilities, z.rows, mixture.mean.rows);
  if (z.rows == 0) return;
  const TracedOp traced(context, [&] {
    return call_of(kOp, z, mixture, responsibilities.empty() ? 0 : z.rows * mixture.mean.rows);
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::mixture_excess(context, excess, responsibilities, z, mixture); });
  }
  const bool parallel = z.rows * z.cols * mixture.mean.rows >= kParallelSize;
  parallel_spans(context.team(), z.rows, kCodes, parallel, [&](std::int64_t first, std::int64_t end) {
    const std::int64_t count = end - first;
    CodeGroup codes{{}, {}, z.cols, &mixture};
    for (std::int64_t i = 0; i < kCodes; ++i) {
      codes.z[i] = z.row(first + std::min(i, count - 1));  // repeats the last code if there are no more
      codes.responsibilities[i] = i < count ? responsibilities.row(first + i) : nullptr;
    }
    float log_sums[kCodes];
    HWY_DYNAMIC_DISPATCH(log_sums_of_codes)(log_sums, codes);
    for (std::int64_t i = 0; i < count; ++i) {
      const float square = HWY_DYNAMIC_DISPATCH(squared_norm)(codes.z[i], z.cols);
      excess.data[first + i] = -0.5f * square - log_sums[i];
    }
  });
}

void mixture_backward_codes(Context& context, MatrixView<float> dz, MatrixView<const float> z,
                            const Mixture& mixture, MatrixView<const float> responsibilities,
                            VectorView<const float> weights, float factor) {
  constexpr const char* kOp = "mixture_backward_codes";
  check_codes(kOp, z, mixture);
  check_shape(kOp, "dz", dz, z.rows, z.cols);
  check_shape(kOp, "responsibilities", responsibilities, z.rows, mixture.mean.rows);
  check_optional_size(kOp, "weights", weights, z.rows);
  if (z.rows == 0) return;
  const TracedOp traced(context,
                        [&] { return call_of(kOp, z, mixture, z.rows * (2 * z.cols + mixture.mean.rows)); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::mixture_backward_codes(context, dz, z, mixture, responsibilities, weights, factor);
    });
  }
  const bool parallel = z.rows * z.cols * mixture.mean.rows >= kParallelSize;
  parallel_for(context.team(), z.rows, parallel, [&](std::int64_t i) {
    const float weight = factor * (weights.empty() ? 1.0f : weights.data[i]);
    HWY_DYNAMIC_DISPATCH(code_gradient_row)
    (CodeGradientRow{z.row(i), dz.row(i), z.cols, &mixture, responsibilities.row(i), weight});
  });
}

void mixture_backward_components(Context& context, const MixtureGradient& gradient, MatrixView<const float> z,
                                 const Mixture& mixture, MatrixView<const float> responsibilities,
                                 VectorView<const float> weights, bool accumulate) {
  constexpr const char* kOp = "mixture_backward_components";
  check_codes(kOp, z, mixture);
  const std::int64_t components = mixture.mean.rows;
  check_shape(kOp, "gradient.mean", gradient.mean, components, z.cols);
  check_shape(kOp, "gradient.log_variance", gradient.log_variance, components, z.cols);
  check_optional_size(kOp, "gradient.logits", gradient.logits, components);
  check_shape(kOp, "responsibilities", responsibilities, z.rows, components);
  check_size(kOp, "weights", weights, z.rows);
  const TracedOp traced(context,
                        [&] { return call_of(kOp, z, mixture, components * (2 * z.cols + z.rows)); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::mixture_backward_components(context, gradient, z, mixture, responsibilities, weights, accumulate);
    });
  }
  const bool parallel = z.rows * z.cols * components >= kParallelSize;
  parallel_for(context.team(), components, parallel, [&](std::int64_t c) {
    HWY_DYNAMIC_DISPATCH(component_gradient_row)
    (ComponentGradientRow{c, z, &mixture, responsibilities, weights.data, gradient.mean.row(c),
                          gradient.log_variance.row(c),
                          gradient.logits.empty() ? nullptr : gradient.logits.data + c, accumulate});
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
