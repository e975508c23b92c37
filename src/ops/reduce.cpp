#include "ops/reduce.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/reduce.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "ops/kernels.h"
#include "base/check.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {

// There are sixteen running sums for any vector width, so that every processor adds in the same order. The
// compiler vectorises these loops for the target; a product of two floats is exact in double, fused or not.
constexpr int kSums = 16;

HWY_ATTR double fold(const double* sums) {
  double total = 0.0;
  for (int lane = 0; lane < kSums; ++lane) total += sums[lane];
  return total;
}

HWY_ATTR double span_sum(const float* values, std::int64_t size) {
  double sums[kSums] = {};
  std::int64_t i = 0;
  for (; i + kSums <= size; i += kSums) {
    for (int lane = 0; lane < kSums; ++lane) sums[lane] += values[i + lane];
  }
  for (int lane = 0; i < size; ++i, ++lane) sums[lane] += values[i];
  return fold(sums);
}

HWY_ATTR double span_squares(const float* values, std::int64_t size) {
  double sums[kSums] = {};
  std::int64_t i = 0;
  for (; i + kSums <= size; i += kSums) {
    for (int lane = 0; lane < kSums; ++lane) {
      const double value = values[i + lane];
      sums[lane] += value * value;
    }
  }
  for (int lane = 0; i < size; ++i, ++lane) sums[lane] += static_cast<double>(values[i]) * values[i];
  return fold(sums);
}

HWY_ATTR void span_scale(float* values, std::int64_t size, float factor) {
  for (std::int64_t i = 0; i < size; ++i) values[i] *= factor;
}

}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(span_sum);
HWY_EXPORT(span_squares);
HWY_EXPORT(span_scale);

constexpr std::int64_t kParallelSize = 1 << 16;

std::int64_t spans(std::int64_t size) {
  return (size + kReduceSpan - 1) / kReduceSpan;
}

}  // namespace

void reduce_sum(Context& context, double* sum, VectorView<const float> values, bool accumulate) {
  ELBO_CHECK(sum != nullptr, ShapeError, "reduce_sum was given no place for the sum");
  ELBO_CHECK(values.size >= 0 && (values.size == 0 || !values.empty()), ShapeError,
             "reduce_sum was given no values, of size ", values.size);
  const TracedOp traced(context, [&] {
    return plain_call("reduce_sum", concat(values.size), 4.0 * static_cast<double>(values.size));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::reduce_sum(context, sum, values, accumulate); });
  }
  double total = 0.0;
  for (std::int64_t first = 0; first < values.size; first += kReduceSpan) {
    total += HWY_DYNAMIC_DISPATCH(span_sum)(values.data + first, std::min(kReduceSpan, values.size - first));
  }
  *sum = accumulate ? *sum + total : total;
}

std::int64_t clip_scratch_size(std::int64_t size) {
  return spans(size);
}

void clip_global_norm(Context& context, VectorView<float> gradient, float max_norm,
                      VectorView<double> scratch, float* norm) {
  ELBO_CHECK(gradient.size >= 0 && (gradient.size == 0 || !gradient.empty()), ShapeError,
             "clip_global_norm was given no gradient, of size ", gradient.size);
  ELBO_CHECK(scratch.size >= clip_scratch_size(gradient.size), ShapeError,
             "clip_global_norm needs scratch for ", clip_scratch_size(gradient.size),
             " doubles and was given ", scratch.size);
  ELBO_CHECK(max_norm >= 0.0f, ShapeError, "clip_global_norm's max_norm is ", max_norm,
             " and must not be negative");
  const TracedOp traced(context, [&] {
    return plain_call("clip_global_norm", concat(gradient.size), 12.0 * static_cast<double>(gradient.size));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::clip_global_norm(context, gradient, max_norm, scratch, norm); });
  }
  const std::int64_t count = spans(gradient.size);
  const auto span_size = [&](std::int64_t s) {
    return std::min(kReduceSpan, gradient.size - s * kReduceSpan);
  };

  parallel_for(context.team(), count, gradient.size >= kParallelSize, [&](std::int64_t s) {
    scratch.data[s] = HWY_DYNAMIC_DISPATCH(span_squares)(gradient.data + s * kReduceSpan, span_size(s));
  });
  double total = 0.0;
  for (std::int64_t s = 0; s < count; ++s) total += scratch.data[s];
  const double length = std::sqrt(total);
  if (norm) *norm = static_cast<float>(length);
  const double factor = max_norm / (length + 1e-6);
  if (!std::isfinite(length) || factor >= 1.0) return;
  parallel_for(context.team(), count, gradient.size >= kParallelSize, [&](std::int64_t s) {
    HWY_DYNAMIC_DISPATCH(span_scale)
    (gradient.data + s * kReduceSpan, span_size(s), static_cast<float>(factor));
  });
}

std::vector<RangeSpan> range_spans(std::span<const Range> ranges, std::int64_t size) {
  std::vector<RangeSpan> all;
  for (const Range& range : ranges) {
    ELBO_CHECK(range.first >= 0 && range.size >= 0 && range.first <= size - range.size, ShapeError,
               "a range of ", range.size, " values from ", range.first, " on lies beyond the ", size,
               " there are");
    const std::int64_t begin = std::ssize(all), end = begin + spans(range.size);
    for (std::int64_t at = 0; at < range.size; at += kReduceSpan) {
      all.push_back({range.first + at, std::min(kReduceSpan, range.size - at), begin, end});
    }
  }
  return all;
}

void normalize_ranges(Context& context, VectorView<float> gradient, VectorView<const RangeSpan> spans,
                      VectorView<double> scratch, float* norm) {
  ELBO_CHECK(gradient.size >= 0 && (gradient.size == 0 || !gradient.empty()), ShapeError,
             "normalize_ranges was given no gradient, of size ", gradient.size);
  ELBO_CHECK(spans.size >= 0 && (spans.size == 0 || !spans.empty()), ShapeError,
             "normalize_ranges was given an empty view of ", spans.size, " spans");
  ELBO_CHECK(scratch.size >= spans.size, ShapeError, "normalize_ranges needs scratch for ", spans.size,
             " doubles and was given ", scratch.size);
  const TracedOp traced(context, [&] {
    return plain_call("normalize_ranges", concat(gradient.size), 12.0 * static_cast<double>(gradient.size));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::normalize_ranges(context, gradient, spans, scratch, norm); });
  }
  parallel_for(context.team(), spans.size, gradient.size >= kParallelSize, [&](std::int64_t s) {
    const RangeSpan& span = spans.data[s];
    scratch.data[s] = HWY_DYNAMIC_DISPATCH(span_squares)(gradient.data + span.first, span.size);
  });
  double total = 0.0;
  for (std::int64_t s = 0; s < spans.size;) {
    const std::int64_t end = spans.data[s].end;
    double squares = 0.0;
    for (std::int64_t i = s; i < end; ++i) squares += scratch.data[i];
    total += squares;
    const double factor = 1.0 / (std::sqrt(squares) + kNormEpsilon);
    for (; s < end; ++s) scratch.data[s] = factor;
  }
  if (norm) *norm = static_cast<float>(std::sqrt(total));
  parallel_for(context.team(), spans.size, gradient.size >= kParallelSize, [&](std::int64_t s) {
    const RangeSpan& span = spans.data[s];
    HWY_DYNAMIC_DISPATCH(span_scale)
    (gradient.data + span.first, span.size, static_cast<float>(scratch.data[s]));
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
