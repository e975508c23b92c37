#include "ops/cpu_matmul.h"

namespace elbo::ops::cpu {
namespace {

constexpr std::int64_t kLine = 16;     ///< floats in a cache line
constexpr std::int64_t kRowPiece = 4;  ///< rows that a cut does not separate

std::int64_t divide_up(std::int64_t value, std::int64_t by) {
  return (value + by - 1) / by;
}

/// The span of pieces first … last − 1, each of `piece` values, among `size` values.
Span pieces(std::int64_t first, std::int64_t last, std::int64_t piece, std::int64_t size) {
  const std::int64_t begin = std::min(first * piece, size);
  return {begin, std::min(last * piece, size) - begin};
}

}  // namespace

Span Span::part(std::int64_t whole, int index, int count) {
  const std::int64_t each = divide_up(divide_up(whole, kLine), count) * kLine;
  const std::int64_t first = std::min(whole, index * each);
  return {first, std::min(each, whole - first)};
}

std::array<Block, 3> share(std::int64_t rows, std::int64_t cols, Cut cut, int index, int count) {
  // Small pieces are numbered along the lines between the cuts: first all of the first column (or row), and
  // so on. A thread takes the pieces begin … end − 1: the rest of one line, whole lines, the beginning of
  // another.
  const bool by_columns = cut == Cut::columns;
  const std::int64_t along = by_columns ? divide_up(rows, kRowPiece) : divide_up(cols, kLine);
  const std::int64_t lines = by_columns ? divide_up(cols, kLine) : divide_up(rows, kRowPiece);
  const std::int64_t begin = along * lines * index / count, end = along * lines * (index + 1) / count;
  const auto block = [&](std::int64_t first_line, std::int64_t last_line, std::int64_t first,
                         std::int64_t last) -> Block {
    if (first_line >= last_line || first >= last) return {};
    const Span row =
        by_columns ? pieces(first, last, kRowPiece, rows) : pieces(first_line, last_line, kRowPiece, rows);
    const Span col =
        by_columns ? pieces(first_line, last_line, kLine, cols) : pieces(first, last, kLine, cols);
    return {row.first, row.size, col.first, col.size};
  };
  if (begin >= end) return {};
  const std::int64_t first_line = begin / along, last_line = end / along;
  if (first_line == last_line) return {block(first_line, first_line + 1, begin % along, end % along)};
  const bool starts_inside = begin % along != 0;
  return {block(first_line, first_line + 1, begin % along, starts_inside ? along : 0),
          block(first_line + starts_inside, last_line, 0, along),
          block(last_line, last_line + 1, 0, end % along)};
}

int threads_for(const Context& context, double work) {
  constexpr double kParallelWork = 1 << 18;
  return work < kParallelWork ? 1 : context.threads();
}

namespace detail {
namespace {

/// Packs columns of b side by side in rows of `width`: a panel, or one column.
void pack_panel(float* panel, const Operand& b, const Block& block, std::int64_t width) {
  if (b.source) {
    if (block.cols < width) std::fill_n(panel, width * block.rows, 0.0f);
    b.source->copy(block, panel, width);
  } else if (width == 1) {
    for (std::int64_t k = 0; k < block.rows; ++k) panel[k] = *b.at(block.row + k, block.col);
  } else {
    const auto to_panel = b.transposed ? pack_columns : pack_rows;
    to_panel(panel, b.at(block.row, block.col), b.stored.stride, block.rows, block.cols);
  }
}

}  // namespace

std::int64_t columns_at_once(const Gemm& p) {
  const std::int64_t depth = std::clamp<std::int64_t>(p.depth(), 1, p.part);
  const std::int64_t fit = kPackedFloats / depth / kPanelWidth * kPanelWidth;
  // Packs few columns of a weight, so that the next columns are fetched from memory during the product with
  // these.
  if (p.cut == Cut::columns && p.order == Order::columns_first) return std::min(fit, 2 * kPanelWidth);
  return p.sums == Sums::in_scratch ? std::min(fit, kSumColumns) : fit;
}

std::int64_t rows_at_once(const Gemm& p, const Block& block, std::int64_t cols) {
  if (p.sums == Sums::in_result || p.depth() <= p.part) return block.rows;
  return kSumFloats / (cols + kSumPadding) / kStripRows * kStripRows;
}

void pack(float* packed, const Gemm& p, std::int64_t k, std::int64_t depth, std::int64_t col,
          std::int64_t cols) {
  const std::int64_t step = p.dots ? 1 : kPanelWidth;
  for (std::int64_t j = 0; j < cols; j += step) {
    const Block columns{k, depth, col + j, std::min(step, cols - j)};
    const std::int64_t width = p.dots ? 1 : panel_width(columns.cols);
    pack_panel(packed + j * depth, p.b, columns, width);
  }
}

namespace {

/// Whether a strip's rows evict each other: rows a multiple of 4 KiB apart share a set of the first-level
/// cache. This cost layers 1024 wide a quarter of their speed.
bool rows_collide(const Operand& a) {
  return !a.transposed && a.stored.stride % 1024 == 0;
}

/// The strip's rows of a: in place, or copied to `memory` if that is worth it.
LeftOperand left_operand(const Gemm& p, const Block& strip, std::int64_t k, std::int64_t depth,
                         float* memory) {
  const Operand& a = p.a;
  if (a.source) {
    a.source->copy({strip.row, strip.rows, k, depth}, memory, kLeftStride);
    return {memory, kLeftStride, 1};
  }
  if (a.transposed && p.order == Order::depth_first && strip.cols >= 2 * kPanelWidth) {
    // Each k takes a cache line, which mostly holds other rows, and all lines may be in one set.
    for (std::int64_t i = 0; i < depth; ++i)
      std::copy_n(a.at(strip.row, k + i), strip.rows, memory + i * kStripRows);
    return {memory, 1, kStripRows};
  }
  const std::int64_t stride = a.stored.stride;
  const float* const from = a.at(strip.row, k);
  if (!rows_collide(a) || strip.cols < 2 * kPanelWidth) {
    return {from, a.transposed ? 1 : stride, a.transposed ? stride : 1};
  }
  for (std::int64_t r = 0; r < strip.rows; ++r)
    std::copy_n(from + r * stride, depth, memory + r * kLeftStride);
  return {memory, kLeftStride, 1};
}

}  // namespace

void fetch_ahead(const Operand& b, std::int64_t depth, std::int64_t col, std::int64_t cols, std::int64_t row,
                 std::int64_t rows) {
  if (b.source) return;
  const std::int64_t lines = b.transposed ? cols : depth, along = b.transposed ? depth : cols;
  const std::int64_t each = divide_up(lines * kStripRows, rows), first = lines * row / rows;
  for (std::int64_t i = first; i < std::min(lines, first + each); ++i) {
    const float* const from = b.transposed ? b.at(0, col + i) : b.at(i, col);
    for (std::int64_t j = 0; j < along; j += kLine) __builtin_prefetch(from + j, 0, 2);
  }
}

void add_to_strip(const Strip& strip, const Gemm& p, Scratch& scratch, std::int64_t k, std::int64_t depth,
                  bool begin) {
  const LeftOperand left = left_operand(p, strip.block, k, depth, scratch.left);
  if (p.dots) {
    return multiply_dots(strip.sums, strip.stride, strip.block.rows, strip.block.cols, depth, left.data,
                         left.row_step, scratch.packed, !begin);
  }
  for (std::int64_t j = 0; j < strip.block.cols; j += kPanelWidth) {
    const std::int64_t columns = std::min(kPanelWidth, strip.block.cols - j);
    multiply_strip(strip.sums + j, strip.stride, strip.block.rows, columns, depth, left,
                   scratch.packed + j * depth, !begin);
  }
}

}  // namespace detail
}  // namespace elbo::ops::cpu
