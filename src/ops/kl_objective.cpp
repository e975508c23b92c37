#include "ops/kl_objective.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/kl_objective.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "math/posterior.h"
#include "ops/kernels.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

/// Sums the KL of the dimensions from d on over the rows.
template <class Access>
HWY_INLINE Floats sum_of_lanes(Access access, const MatrixView<const float>& mean,
                               const MatrixView<const float>& log_variance, std::int64_t d) {
  Floats sum(0.0f);
  for (std::int64_t i = 0; i < mean.rows; ++i) {
    sum += formulas::posterior_kl(access.load(mean.data + i * mean.stride + d),
                                  access.load(log_variance.data + i * log_variance.stride + d));
  }
  return sum;
}

/// sums [latent] of the KL of each dimension over the rows.
void kl_sums(float* sums, const MatrixView<const float>& mean, const MatrixView<const float>& log_variance) {
  formulas::for_lanes(mean.cols, [&](auto access, std::int64_t d) {
    access.store(sum_of_lanes(access, mean, log_variance, d), sums + d);
  });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(kl_sums);

}  // namespace

void free_bits(Context& context, VectorView<float> weights, float* cost, MatrixView<const float> mean,
               MatrixView<const float> log_variance, float nats, const float* kl_weight) {
  ELBO_CHECK(cost != nullptr && mean.rows > 0, ShapeError, "free_bits was given a mean ", shape(mean),
             ", or no place for the cost");
  check_shape("free_bits", "log_variance", log_variance, mean.rows, mean.cols);
  check_size("free_bits", "weights", weights, mean.cols);
  ELBO_CHECK(nats >= 0.0f, ShapeError, "free_bits was given ", nats, " nats");
  const TracedOp traced(context, [&] {
    return plain_call("free_bits", concat(mean.rows, "x", mean.cols),
                      8.0 * static_cast<double>(mean.rows * mean.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context,
                       [&] { cuda::free_bits(context, weights, cost, mean, log_variance, nats, kl_weight); });
  }
  HWY_DYNAMIC_DISPATCH(kl_sums)(weights.data, mean, log_variance);
  double total = 0.0;
  for (std::int64_t d = 0; d < weights.size; ++d) {
    const float kl = weights.data[d] / static_cast<float>(mean.rows);
    total += kl <= nats ? nats : kl;
    weights.data[d] = kl <= nats ? 0.0f : 1.0f;
  }
  *cost = static_cast<float>((kl_weight ? double{*kl_weight} : 1.0) * total);
}

void kl_capacity(Context& context, float* scale, float* cost, VectorView<const float> kl,
                 const float* kl_weight, const float* capacity) {
  ELBO_CHECK(scale != nullptr && cost != nullptr && capacity != nullptr && !kl.empty() && kl.size > 0,
             ShapeError, "kl_capacity was given ", kl.size, " kl, or no place for its results");
  const TracedOp traced(context, [&] {
    return plain_call("kl_capacity", concat(kl.size), 4.0 * static_cast<double>(kl.size));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::kl_capacity(context, scale, cost, kl, kl_weight, capacity); });
  }
  double sum = 0.0;
  for (std::int64_t i = 0; i < kl.size; ++i) sum += kl.data[i];
  const double above = sum / static_cast<double>(kl.size) - *capacity;
  const float weight = kl_weight ? *kl_weight : 1.0f;
  *scale = above > 0.0 ? weight : above < 0.0 ? -weight : 0.0f;
  *cost = static_cast<float>(weight * std::abs(above));
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
