#include "ops/cpu_column_sums.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/cpu_column_sums.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "ops/simd.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::cpu::HWY_NAMESPACE {
namespace {

using math::HWY_NAMESPACE::Floats;

/// Sums `size` columns over all rows. The sums of four vectors of columns at a time stay in registers.
void sum_columns(float* sums, const float* values, std::int64_t rows, std::int64_t stride, std::int64_t size,
                 bool accumulate) {
  constexpr int kVectors = 4;
  constexpr std::int64_t kLanes = Floats::kLanes;
  std::int64_t j = 0;
  for (; j + kVectors * kLanes <= size; j += kVectors * kLanes) {
    Floats sum[kVectors] = {Floats(0.0f), Floats(0.0f), Floats(0.0f), Floats(0.0f)};
    for (std::int64_t i = 0; i < rows; ++i) {
      const float* row = values + i * stride + j;
      for (int k = 0; k < kVectors; ++k) sum[k] += Floats::load(row + k * kLanes);
    }
    for (int k = 0; k < kVectors; ++k) {
      float* to = sums + j + k * kLanes;
      (accumulate ? Floats::load(to) + sum[k] : sum[k]).store(to);
    }
  }
  math::HWY_NAMESPACE::for_lanes(size - j, [&](auto access, std::int64_t after) {
    Floats sum(0.0f);
    for (std::int64_t i = 0; i < rows; ++i) sum += access.load(values + i * stride + j + after);
    float* to = sums + j + after;
    access.store(accumulate ? access.load(to) + sum : sum, to);
  });
}

}  // namespace
}  // namespace elbo::ops::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops::cpu {
namespace {

HWY_EXPORT(sum_columns);

}  // namespace

void column_sums(VectorView<float> sums, MatrixView<const float> values, bool accumulate) {
  HWY_DYNAMIC_DISPATCH(sum_columns)
  (sums.data, values.data, values.rows, values.stride, values.cols, accumulate);
}

}  // namespace elbo::ops::cpu
#endif  // HWY_ONCE
