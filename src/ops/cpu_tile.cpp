#include "ops/cpu_tile.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/cpu_tile.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::cpu::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using Floats = hn::Vec<Tag>;
constexpr int kLanes = hn::MaxLanes(Tag());
constexpr int kFullPanel = kPanelWidth / kLanes;  // vectors across

constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON;  // 32, else 16
/// Number of rows whose sums fit into the registers beside the panel's vectors and the factor.
constexpr int kRowsAtOnce =
    std::clamp((kManyRegisters ? 24 : 12) / kFullPanel, 1, static_cast<int>(kStripRows));

/// The first `columns` values of kVectors vectors.
template <int kVectors>
HWY_INLINE void load_row(Floats (&row)[kVectors], const float* from, std::int64_t columns) {
  for (int n = 0; n < kVectors; ++n) {
    const std::int64_t left = columns - n * kLanes;
    row[n] = left >= kLanes ? hn::LoadU(Tag(), from + n * kLanes) : hn::Zero(Tag());
    if (left <= 0 || left >= kLanes) continue;
    HWY_ALIGN float lanes[kLanes] = {};
    std::copy_n(from + n * kLanes, left, lanes);
    row[n] = hn::Load(Tag(), lanes);
  }
}

template <int kVectors>
HWY_INLINE void store_row(const Floats (&row)[kVectors], float* to, std::int64_t columns) {
  for (int n = 0; n < kVectors; ++n) {
    const std::int64_t left = columns - n * kLanes;
    if (left >= kLanes) {
      hn::StoreU(row[n], Tag(), to + n * kLanes);
    } else if (left > 0) {
      HWY_ALIGN float lanes[kLanes];
      hn::Store(row[n], Tag(), lanes);
      std::copy_n(lanes, left, to + n * kLanes);
    }
  }
}

/// Multiplies kRows rows; their sums stay in registers over all k.
template <int kRows, int kVectors>
void multiply_rows(float* c, std::int64_t stride, std::int64_t columns, std::int64_t depth,
                   const LeftOperand& a, const float* panel, bool accumulate) {
  const Tag tag;
  Floats sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    if (accumulate) {
      load_row(sum[r], c + r * stride, columns);
      continue;
    }
#pragma GCC unroll 16
    for (int n = 0; n < kVectors; ++n) sum[r][n] = hn::Zero(tag);
  }
  // Each pointer serves three rows: an address can add 0, 1 or 2 steps without another register.
  const std::int64_t step = a.row_step;
  const float* row0 = a.data;
  const float* row3 = kRows > 3 ? row0 + 3 * step : row0;
  const float* row6 = kRows > 6 ? row0 + 6 * step : row0;
  const float* row9 = kRows > 9 ? row0 + 9 * step : row0;
  for (std::int64_t k = 0; k < depth; ++k) {
    Floats factor[kVectors];
#pragma GCC unroll 16
    for (int n = 0; n < kVectors; ++n) factor[n] = hn::Load(tag, panel + n * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const float* const from = r < 3 ? row0 : r < 6 ? row3 : r < 9 ? row6 : row9;
      const Floats value = hn::Set(tag, from[(r % 3) * step]);
#pragma GCC unroll 16
      for (int n = 0; n < kVectors; ++n) sum[r][n] = hn::MulAdd(value, factor[n], sum[r][n]);
    }
    panel += kVectors * kLanes;
    row0 += a.depth_step;
    row3 += a.depth_step;
    row6 += a.depth_step;
    row9 += a.depth_step;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) store_row(sum[r], c + r * stride, columns);
}

/// Multiplies the remaining rows, kRows at a time, then fewer.
template <int kRows, int kVectors>
void multiply_turns(float* c, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                    std::int64_t depth, LeftOperand a, const float* panel, bool accumulate) {
  if constexpr (kRows > 0) {
    while (rows >= kRows) {
      multiply_rows<kRows, kVectors>(c, stride, columns, depth, a, panel, accumulate);
      c += kRows * stride;
      a.data += kRows * a.row_step;
      rows -= kRows;
    }
    constexpr int kNext = kRows == 12 ? 8 : kRows == 8 ? 4 : kRows / 2;
    if (rows > 0) multiply_turns<kNext, kVectors>(c, stride, rows, columns, depth, a, panel, accumulate);
  }
}

void strip(float* c, std::int64_t stride, std::int64_t rows, std::int64_t columns, std::int64_t depth,
           const LeftOperand& a, const float* panel, bool accumulate) {
  constexpr int kHalfPanel = std::max(1, kFullPanel / 2);
  if (panel_width(columns) == kPanelWidth) {
    multiply_turns<kRowsAtOnce, kFullPanel>(c, stride, rows, columns, depth, a, panel, accumulate);
  } else {
    multiply_turns<kRowsAtOnce, kHalfPanel>(c, stride, rows, columns, depth, a, panel, accumulate);
  }
}

float dot(const float* a, const float* b, std::int64_t size) {
  const Tag tag;
  Floats sum[4] = {hn::Zero(tag), hn::Zero(tag), hn::Zero(tag), hn::Zero(tag)};
  std::int64_t k = 0;
  for (; k + 4 * kLanes <= size; k += 4 * kLanes) {
#pragma GCC unroll 4
    for (int n = 0; n < 4; ++n) {
      const std::int64_t at = k + n * kLanes;
      sum[n] = hn::MulAdd(hn::LoadU(tag, a + at), hn::LoadU(tag, b + at), sum[n]);
    }
  }
  for (; k + kLanes <= size; k += kLanes)
    sum[0] = hn::MulAdd(hn::LoadU(tag, a + k), hn::LoadU(tag, b + k), sum[0]);
  float total = hn::GetLane(hn::SumOfLanes(tag, hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3]))));
  for (; k < size; ++k) total += a[k] * b[k];
  return total;
}

void dots(float* c, std::int64_t stride, std::int64_t rows, std::int64_t count, std::int64_t depth,
          const float* a, std::int64_t a_stride, const float* columns, bool accumulate) {
  for (std::int64_t r = 0; r < rows; ++r) {
    float* const to = c + r * stride;
    for (std::int64_t j = 0; j < count; ++j) {
      const float sum = dot(a + r * a_stride, columns + j * depth, depth);
      to[j] = accumulate ? to[j] + sum : sum;
    }
  }
}

/// Packs the edges: one value at a time, zeros for missing columns.
void pack_columns_slowly(float* panel, std::int64_t width, const float* from, std::int64_t stride,
                         std::int64_t first_k, std::int64_t depth, std::int64_t first_j,
                         std::int64_t columns) {
  for (std::int64_t k = first_k; k < depth; ++k) {
    for (std::int64_t j = first_j; j < width; ++j)
      panel[k * width + j] = j < columns ? from[j * stride + k] : 0.0f;
  }
}

void columns_to_panel(float* panel, const float* from, std::int64_t stride, std::int64_t depth,
                      std::int64_t columns) {
  const std::int64_t width = panel_width(columns);
#if HWY_TARGET != HWY_SCALAR
  constexpr std::int64_t kSteps = 16, kAhead = 32;  // a cache line, and two of them, of each column
  const std::int64_t whole_depth = depth / kSteps * kSteps, whole_columns = columns / 4 * 4;
  const hn::Full128<float> tag;
  // Packs all columns for a few k before the next k, so that the panel is written in order.
  for (std::int64_t k0 = 0; k0 < whole_depth; k0 += kSteps) {
    for (std::int64_t j = 0; j < whole_columns; j += 4) {
      const float *const c0 = from + j * stride, *const c1 = c0 + stride, *const c2 = c1 + stride,
                         *const c3 = c2 + stride;
      for (const float* column : {c0, c1, c2, c3}) hwy::Prefetch(column + k0 + kAhead);
      for (std::int64_t k = k0; k < k0 + kSteps; k += 4) {
        const auto v0 = hn::LoadU(tag, c0 + k), v1 = hn::LoadU(tag, c1 + k), v2 = hn::LoadU(tag, c2 + k),
                   v3 = hn::LoadU(tag, c3 + k);
        const auto low02 = hn::InterleaveLower(tag, v0, v2), high02 = hn::InterleaveUpper(tag, v0, v2);
        const auto low13 = hn::InterleaveLower(tag, v1, v3), high13 = hn::InterleaveUpper(tag, v1, v3);
        float* const to = panel + k * width + j;
        hn::Store(hn::InterleaveLower(tag, low02, low13), tag, to);
        hn::Store(hn::InterleaveUpper(tag, low02, low13), tag, to + width);
        hn::Store(hn::InterleaveLower(tag, high02, high13), tag, to + 2 * width);
        hn::Store(hn::InterleaveUpper(tag, high02, high13), tag, to + 3 * width);
      }
    }
  }
  pack_columns_slowly(panel, width, from, stride, 0, whole_depth, whole_columns, columns);
  pack_columns_slowly(panel, width, from, stride, whole_depth, depth, 0, columns);
#else
  pack_columns_slowly(panel, width, from, stride, 0, depth, 0, columns);
#endif
}

}  // namespace
}  // namespace elbo::ops::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops::cpu {
namespace {

HWY_EXPORT(strip);
HWY_EXPORT(dots);
HWY_EXPORT(columns_to_panel);

}  // namespace

void pack_rows(float* panel, const float* from, std::int64_t stride, std::int64_t depth,
               std::int64_t columns) {
  const std::int64_t width = panel_width(columns);
  for (std::int64_t k = 0; k < depth; ++k) {
    float* const to = panel + k * width;
    std::fill(std::copy_n(from + k * stride, columns, to), to + width, 0.0f);
  }
}

void pack_columns(float* panel, const float* from, std::int64_t stride, std::int64_t depth,
                  std::int64_t columns) {
  HWY_DYNAMIC_DISPATCH(columns_to_panel)(panel, from, stride, depth, columns);
}

void multiply_strip(float* c, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                    std::int64_t depth, const LeftOperand& a, const float* panel, bool accumulate) {
  HWY_DYNAMIC_DISPATCH(strip)(c, stride, rows, columns, depth, a, panel, accumulate);
}

void multiply_dots(float* c, std::int64_t stride, std::int64_t rows, std::int64_t count, std::int64_t depth,
                   const float* a, std::int64_t a_stride, const float* columns, bool accumulate) {
  HWY_DYNAMIC_DISPATCH(dots)(c, stride, rows, count, depth, a, a_stride, columns, accumulate);
}

}  // namespace elbo::ops::cpu
#endif  // HWY_ONCE
