#include "ops/importance_weights.h"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/importance_weights.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "math/importance.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

using math::HWY_NAMESPACE::Floats;

void scale_row(float* values, std::int64_t size, float factor) {
  const Floats factors(factor);
  math::HWY_NAMESPACE::for_lanes(size, [&](auto access, std::int64_t i) {
    access.store(access.load(values + i) * factors, values + i);
  });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(scale_row);

constexpr std::int64_t kParallelSize = 1 << 14;
constexpr std::int64_t kParallelSamples = 1 << 10;

/// Computes one example's weights and cost; pointers are to its first sample.
float weigh(float* weights, const float* nll, std::int64_t parts, const float* log_ratio,
            std::int64_t samples, float kl_weight) {
  float largest = -std::numeric_limits<float>::infinity();
  for (std::int64_t k = 0; k < samples; ++k) {
    float cost = 0.0f;
    for (std::int64_t p = 0; p < parts; ++p) cost += nll[k * parts + p];
    weights[k] = -(cost + kl_weight * log_ratio[k]);
    if (weights[k] > largest) largest = weights[k];
  }
  float sum = 0.0f;
  for (std::int64_t k = 0; k < samples; ++k) {
    weights[k] = std::exp(weights[k] - largest);
    sum += weights[k];
  }
  for (std::int64_t k = 0; k < samples; ++k) weights[k] = math::importance_weight(weights[k], sum);
  return -(largest + std::log(sum / static_cast<float>(samples)));
}

}  // namespace

void importance_weights(Context& context, VectorView<float> weights, VectorView<float> cost,
                        MatrixView<const float> nll, VectorView<const float> log_ratio,
                        const float* kl_weight) {
  const std::int64_t rows = weights.size, examples = cost.size;
  ELBO_CHECK(examples == 0 ? rows == 0 : rows > 0 && rows % examples == 0, ShapeError,
             "importance_weights was given ", rows, " weights for ", examples, " examples");
  check_shape("importance_weights", "nll", nll, rows, nll.cols);
  check_size("importance_weights", "log_ratio", log_ratio, rows);
  ELBO_CHECK(nll.contiguous(), ShapeError, "importance_weights was given nll that is not contiguous");
  if (rows == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("importance_weights", concat(examples, "x", rows / examples),
                      4.0 * static_cast<double>(rows * (nll.cols + 2) + examples));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context,
                       [&] { cuda::importance_weights(context, weights, cost, nll, log_ratio, kl_weight); });
  }
  const std::int64_t samples = rows / examples;
  const float scale = kl_weight ? *kl_weight : 1.0f;
  parallel_for(context.team(), examples, rows >= kParallelSamples, [&](std::int64_t i) {
    const std::int64_t first = i * samples;
    cost.data[i] = weigh(weights.data + first, nll.data + first * nll.cols, nll.cols, log_ratio.data + first,
                         samples, scale);
  });
}

void weight_rows(Context& context, MatrixView<float> values, VectorView<const float> weights) {
  check_size("weight_rows", "weights", weights, values.rows);
  if (values.rows == 0 || values.cols == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("weight_rows", concat(values.rows, "x", values.cols),
                      4.0 * static_cast<double>(2 * values.rows * values.cols + values.rows));
  });
  if (context.is_cuda()) return run_on_cuda(context, [&] { cuda::weight_rows(context, values, weights); });
  parallel_for(context.team(), values.rows, values.rows * values.cols >= kParallelSize,
               [&](std::int64_t row) {
                 HWY_DYNAMIC_DISPATCH(scale_row)(values.row(row), values.cols, weights.data[row]);
               });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
