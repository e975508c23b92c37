#include "ops/dropout.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/dropout.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "base/check.h"
#include "ops/gradient_lanes.h"
#include "ops/kernels.h"
#include "ops/noise_chunk.h"
#include "ops/shapes.h"
#include "ops/simd.h"

#ifndef ELBO_OPS_DROPOUT_ROW
#define ELBO_OPS_DROPOUT_ROW
namespace elbo::ops {

/// One row of the op.
struct DropoutRow {
  float* y;
  const float* x;
  const float* saved;  ///< null for the identity
  std::int64_t cols;
  std::int64_t first_dimension;
  float rate;
  NoiseRow noise;
  bool accumulate;
};

}  // namespace elbo::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

template <Activation kActivation>
void dropout_values(const DropoutRow& row) {
  constexpr std::int64_t kChunk = NoiseChunk::kSize;
  const Floats scale(1.0f / (1.0f - row.rate));
  NoiseChunk chunk;
  for (std::int64_t first = 0; first < row.cols; first += kChunk) {
    const std::int64_t count = std::min(kChunk, row.cols - first);
    const float* noise = chunk.fill(row.noise, row.first_dimension + first, count, Uniforms());
    formulas::for_lanes(count, [&](auto access, std::int64_t at) {
      const std::int64_t j = first + at;
      const Floats value =
          formulas::with_masking_noise(access.load(row.x + j) * scale, access.load(noise + at), row.rate);
      store_gradient<kActivation>(access, value, row.y, row.saved, j, row.accumulate);
    });
  }
}

void dropout_row(const DropoutRow& row, Activation activation) {
  formulas::visit_activation(activation, [&](auto kind) { dropout_values<kind.value>(row); });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(dropout_row);

constexpr std::int64_t kParallelSize = 1 << 10;

}  // namespace

void dropout(Context& context, MatrixView<float> y, MatrixView<const float> x, MatrixView<const float> saved,
             Activation activation, std::int64_t samples, float rate, const NoiseSource& noise,
             bool accumulate) {
  check_shape("dropout", "y", y, x.rows, x.cols);
  check_saved("dropout", saved, x.rows, x.cols, activation);
  ELBO_CHECK(rate >= 0.0f && rate < 1.0f, ShapeError, "dropout was given a rate of ", rate);
  ELBO_CHECK(samples > 0 && x.rows % samples == 0, ShapeError, "dropout was given ", x.rows, " rows for ",
             samples, " samples of each example");
  ELBO_CHECK(dropout_dimension(samples, x.cols) <= math::kNoiseDimensions && noise.stream >= 0 &&
                 noise.stream < math::kNoiseStreams,
             ShapeError, "dropout was asked for ", samples, " samples of ", x.cols, " values in stream ",
             noise.stream, "; noise has ", math::kNoiseDimensions, " addresses per example and ",
             math::kNoiseStreams, " streams");
  if (x.rows == 0 || x.cols == 0) return;
  const TracedOp traced(context, [&] {
    const int matrices = 2 + (saved.empty() ? 0 : 1) + accumulate;
    return plain_call("dropout", concat(x.rows, "x", x.cols),
                      4.0 * matrices * static_cast<double>(x.rows * x.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(
        context, [&] { cuda::dropout(context, y, x, saved, activation, samples, rate, noise, accumulate); });
  }
  parallel_for(context.team(), x.rows, x.rows * x.cols >= kParallelSize, [&](std::int64_t r) {
    HWY_DYNAMIC_DISPATCH(dropout_row)
    ({y.row(r), x.row(r), saved.row(r), x.cols, dropout_dimension(r % samples, x.cols), rate,
      noise_row(noise, r / samples), accumulate},
     activation);
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
