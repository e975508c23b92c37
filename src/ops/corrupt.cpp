#include "ops/corrupt.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/corrupt.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "math/corruption.h"
#include "ops/kernels.h"
#include "ops/noise_chunk.h"
#include "ops/shapes.h"
#include "ops/simd.h"
#include "base/check.h"

#ifndef ELBO_OPS_CORRUPT_ROW
#define ELBO_OPS_CORRUPT_ROW
namespace elbo::ops {

/// One row of the op.
struct CorruptRow {
  float* corrupted;
  const float* x;
  const float* mask;  // or null
  std::int64_t cols;
  float amount;
  NoiseRow noise;
};

}  // namespace elbo::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

struct Gaussian : Normals {
  HWY_INLINE Floats operator()(Floats x, Floats noise, float amount) const {
    return formulas::with_gaussian_noise(x, noise, amount);
  }
  using Normals::operator();
};
struct Masking : Uniforms {
  HWY_INLINE Floats operator()(Floats x, Floats noise, float amount) const {
    return formulas::with_masking_noise(x, noise, amount);
  }
  using Uniforms::operator();
};

template <class Kind, class Access>
HWY_INLINE void corrupt_lanes(Access access, const CorruptRow& row, std::int64_t j, const float* noise,
                              Kind kind) {
  const Floats x = access.load(row.x + j);
  Floats value = kind(x, access.load(noise), row.amount);
  if (row.mask) value = select(access.load(row.mask + j) == Floats(0.0f), x, value);
  access.store(value, row.corrupted + j);
}

template <class Kind>
void corrupt_values(const CorruptRow& row, Kind kind) {
  constexpr std::int64_t kChunk = NoiseChunk::kSize;
  NoiseChunk chunk;
  for (std::int64_t first = 0; first < row.cols; first += kChunk) {
    const std::int64_t count = std::min(kChunk, row.cols - first);
    const float* noise = chunk.fill(row.noise, first, count, kind);
    formulas::for_lanes(
        count, [&](auto access, std::int64_t j) { corrupt_lanes(access, row, first + j, noise + j, kind); });
  }
}

void corrupt_row(const CorruptRow& row, Corruption kind) {
  kind == Corruption::gaussian ? corrupt_values(row, Gaussian()) : corrupt_values(row, Masking());
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(corrupt_row);

constexpr std::int64_t kParallelSize = 1 << 10;

}  // namespace

void corrupt(Context& context, MatrixView<float> corrupted, MatrixView<const float> x,
             MatrixView<const float> mask, Corruption kind, float amount, const NoiseSource& noise) {
  check_shape("corrupt", "corrupted", corrupted, x.rows, x.cols);
  check_optional_shape("corrupt", "mask", mask, x.rows, x.cols);
  ELBO_CHECK(kind != Corruption::none && amount >= 0.0f && x.cols <= math::kNoiseDimensions, ShapeError,
             "corrupt was given an amount of ", amount, " for ", x.cols, " columns, or no kind");
  if (x.rows == 0 || x.cols == 0) return;
  const TracedOp traced(context, [&] {
    return plain_call("corrupt", concat(x.rows, "x", x.cols), 8.0 * static_cast<double>(x.rows * x.cols));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::corrupt(context, corrupted, x, mask, kind, amount, noise); });
  }
  parallel_for(context.team(), x.rows, x.rows * x.cols >= kParallelSize, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(corrupt_row)
    (CorruptRow{corrupted.row(i), x.row(i), mask.row(i), x.cols, amount, noise_row(noise, i)}, kind);
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
