#pragma once
// The two building blocks of a matrix product on the CPU: packing a strip of one operand for vectors, and
// multiplying a few rows by it. For whole products see cpu_matmul.h.
//
// A panel holds `width` (kPanelWidth or half of it) columns of the right operand, row after row without gaps,
// so that the multiplication reads it in one stream. Missing columns are zeros.

#include <cstdint>

namespace elbo::ops::cpu {

/// Columns of a panel. With 16 floats per register, the sums of twelve rows fill 24 of the 32 registers; with
/// narrower registers the rows take several turns.
inline constexpr std::int64_t kPanelWidth = 32;
/// Rows of the result that are computed together.
inline constexpr std::int64_t kStripRows = 12;

/// The width of a panel for `columns` ≤ kPanelWidth columns.
inline std::int64_t panel_width(std::int64_t columns) {
  return columns > kPanelWidth / 2 ? kPanelWidth : kPanelWidth / 2;
}

/// panel[k, j] = from[k · stride + j] for j < columns.
void pack_rows(float* panel, const float* from, std::int64_t stride, std::int64_t depth,
               std::int64_t columns);

/// panel[k, j] = from[j · stride + k] for j < columns: the operand is stored transposed.
void pack_columns(float* panel, const float* from, std::int64_t stride, std::int64_t depth,
                  std::int64_t columns);

/// The left operand's values a[r · row_step + k · depth_step].
struct LeftOperand {
  const float* data;
  std::int64_t row_step, depth_step;
};

/// c[r · stride + j] = Σ_k a(r, k) panel[k, j], or "+=", for r < rows and j < columns. Every sum goes over k
/// in order, starting from 0 or from c's value, so its bits depend only on the operands and the instruction
/// set.
void multiply_strip(float* c, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                    std::int64_t depth, const LeftOperand& a, const float* panel, bool accumulate);

/// c[r · stride + j] = Σ_k a[r · a_stride + k] columns[j · depth + k], or "+=", for r < rows and j < count:
/// for so few columns that a panel would be mostly zeros. Each sum consists of one partial sum per lane of
/// four vectors, so its bits depend only on the operands and the instruction set.
void multiply_dots(float* c, std::int64_t stride, std::int64_t rows, std::int64_t count, std::int64_t depth,
                   const float* a, std::int64_t a_stride, const float* columns, bool accumulate);

}  // namespace elbo::ops::cpu
