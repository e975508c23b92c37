#pragma once
// The two pieces that a matrix product on the CPU is made of: a strip of one operand laid out for vectors,
// and the multiplication of a few rows with it. One instruction set at a time; see cpu_matmul.h for whole
// products.
//
// A panel holds `width` (kPanelWidth or half of it) columns of the right operand, row after row, without
// gaps, so that the multiplication reads it in one stream. Columns that are not there are zeros.

#include <cstdint>

namespace elbo::ops::cpu {

/// Columns of a panel. With 16 floats in a register twelve rows of them fill 24 of the 32 registers; narrower
/// registers take the rows in several turns.
inline constexpr std::int64_t kPanelWidth = 32;
/// Rows of the result that are worked on at a time.
inline constexpr std::int64_t kStripRows = 12;

/// The width of a panel for `columns` ≤ kPanelWidth of them.
inline std::int64_t panel_width(std::int64_t columns) {
  return columns > kPanelWidth / 2 ? kPanelWidth : kPanelWidth / 2;
}

/// panel[k, j] = from[k · stride + j] for j < columns.
void pack_rows(float* panel, const float* from, std::int64_t stride, std::int64_t depth,
               std::int64_t columns);

/// panel[k, j] = from[j · stride + k] for j < columns: the operand is stored the other way round.
void pack_columns(float* panel, const float* from, std::int64_t stride, std::int64_t depth,
                  std::int64_t columns);

/// The left operand's values a[r · row_step + k · depth_step].
struct LeftOperand {
  const float* data;
  std::int64_t row_step, depth_step;
};

/// c[r · stride + j] = Σ_k a(r, k) panel[k, j], or "+=", for r < rows and j < columns. Every sum runs over k
/// in order, from 0 or from what c holds, so its bits depend on nothing but the operands and the instruction
/// set.
void multiply_strip(float* c, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                    std::int64_t depth, const LeftOperand& a, const float* panel, bool accumulate);

/// c[r · stride + j] = Σ_k a[r · a_stride + k] columns[j · depth + k], or "+=", for r < rows and j < count:
/// for so few columns that a panel would be zeros for the greater part. Each sum runs over k in as many
/// strands as the instruction set has lanes in four vectors, so its bits depend on nothing but the operands
/// and the instruction set.
void multiply_dots(float* c, std::int64_t stride, std::int64_t rows, std::int64_t count, std::int64_t depth,
                   const float* a, std::int64_t a_stride, const float* columns, bool accumulate);

}  // namespace elbo::ops::cpu
