#include "ops/sampled_kl.h"

#include "ops/kernels.h"
#include "ops/shapes.h"
#include "base/check.h"

namespace elbo::ops {

void sampled_kl(Context& context, VectorView<float> kl, VectorView<float> log_ratio,
                VectorView<const float> excess) {
  constexpr const char* kOp = "sampled_kl";
  check_size(kOp, "excess", excess, log_ratio.size);
  ELBO_CHECK(kl.empty() || rows_per_example(log_ratio.size, kl.size), ShapeError, kOp, " was given ", kl.size,
             " kl of ", log_ratio.size, " samples");
  if (log_ratio.size == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call(kOp, concat(log_ratio.size, " -> ", kl.size),
                      4.0 * static_cast<double>(3 * log_ratio.size + kl.size));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::sampled_kl(context, kl, log_ratio, excess); });
  }
  for (std::int64_t i = 0; i < log_ratio.size; ++i) log_ratio.data[i] += excess.data[i];
  const std::int64_t samples = kl.empty() ? 1 : log_ratio.size / kl.size;
  for (std::int64_t i = 0; i < kl.size; ++i) {
    float sum = 0.0f;
    for (std::int64_t k = 0; k < samples; ++k) sum += log_ratio.data[i * samples + k];
    kl.data[i] = sum / static_cast<float>(samples);
  }
}

void sample_weights(Context& context, VectorView<float> weights, const KlWeight& weight, std::int64_t samples,
                    float divisor) {
  constexpr const char* kOp = "sample_weights";
  ELBO_CHECK(samples > 0 && weights.size % samples == 0, ShapeError, kOp, " was given ", weights.size,
             " weights of ", samples, " samples an example");
  check_optional_size(kOp, "weight.per_row", weight.per_row, weights.size / samples);
  check_optional_size(kOp, "weight.per_sample", weight.per_sample, weights.size);
  ELBO_CHECK(weight.per_dimension.empty(), ShapeError, kOp, " was given weights per dimension");
  if (weights.size == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call(kOp, concat(weights.size), 8.0 * static_cast<double>(weights.size));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::sample_weights(context, weights, weight, samples, divisor); });
  }
  const float scale = (weight.scale ? *weight.scale : 1.0f) / divisor;
  for (std::int64_t i = 0; i < weights.size; ++i) {
    const float of_row = weight.per_row.empty() ? 1.0f : weight.per_row.data[i / samples];
    const float of_sample =
        weight.per_sample.empty() ? of_row / static_cast<float>(samples) : weight.per_sample.data[i];
    weights.data[i] = scale * of_sample;
  }
}

}  // namespace elbo::ops
