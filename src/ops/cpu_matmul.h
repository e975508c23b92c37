#pragma once
// Matrix products on the CPU: a share of the result per thread, each worked off in strips of a few rows whose
// sums are finished (bias, activation, derivative, Adam) while they are in the nearest cache.
//
// Nothing here allocates: panels and sums lie in the context's scratch. Every value of a result is one sum
// over k in order, whoever computes it, so its bits do not depend on the number of threads or on the other
// rows.

#include <algorithm>
#include <array>

#include "ops/cpu_tile.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// A matrix as it enters a product: stored row-major, taken as it is or transposed.
struct Operand {
  MatrixView<const float> stored;
  bool transposed = false;

  std::int64_t rows() const { return transposed ? stored.cols : stored.rows; }
  std::int64_t cols() const { return transposed ? stored.rows : stored.cols; }
  /// The value in row `row` and column `col`.
  const float* at(std::int64_t row, std::int64_t col) const {
    return stored.data + (transposed ? col * stored.stride + row : row * stored.stride + col);
  }
};

/// `size` values from `first` on.
struct Span {
  std::int64_t first = 0, size = 0;

  /// Part `index` of `count` of 0 … whole − 1, in whole cache lines but for the last.
  static Span part(std::int64_t whole, int index, int count);
};

/// A part of a matrix.
struct Block {
  std::int64_t row = 0, rows = 0;
  std::int64_t col = 0, cols = 0;

  bool empty() const { return rows <= 0 || cols <= 0; }
};

/// Which way a result is cut for the threads.
enum class Cut {
  columns,  ///< each thread packs only its columns of b; for results whose rows are whole cache lines
  rows,     ///< no cache line of the result but one at each cut has two writers; every thread packs all of b
};

/// What thread `index` of `count` computes of a result: the same work for each but for a few values. A cut
/// may run through a column (or row) of small pieces, hence up to three blocks. All threads' blocks cover
/// each value once.
std::array<Block, 3> share(std::int64_t rows, std::int64_t cols, Cut cut, int index, int count);

/// The threads for a product of `work` flops: little work stays in one.
int team(const Context& context, double work);

/// Longer sums come in parts, so that a strip of the left operand and a panel stay in the nearest caches.
inline constexpr std::int64_t kDepth = 1024;
inline bool in_one_go(std::int64_t depth) {
  return depth <= kDepth;
}

/// Where a thread's sums are built.
enum class Sums {
  in_result,   ///< in c
  in_scratch,  ///< in the thread's scratch, for a c that is read while they are built, or not wanted at all
};

struct Product {
  MatrixView<float> c;
  Operand a, b;
  bool accumulate = false;  ///< c += a b; only with Sums::in_result
  Cut cut = Cut::columns;
  Sums sums = Sums::in_result;

  std::int64_t rows() const { return a.rows(); }
  std::int64_t cols() const { return b.cols(); }
  std::int64_t depth() const { return a.cols(); }
};

/// Finished sums of a few rows: those of `block`, rows `stride` apart.
struct Strip {
  Block block;
  float* sums;
  std::int64_t stride;

  float* row(std::int64_t r) const { return sums + r * stride; }
};

namespace detail {

inline constexpr std::int64_t kPackedFloats = 128 << 10;  ///< half of a 1 MiB second-level cache
inline constexpr std::int64_t kSumColumns = 1024;
inline constexpr std::int64_t kSumStride = kSumColumns + 16;  ///< not the same cache set for each row

inline constexpr std::int64_t kLeftStride = kDepth + 16;

/// A thread's scratch.
struct Scratch {
  alignas(64) float packed[kPackedFloats];
  alignas(64) float sums[kStripRows * kSumStride];
  alignas(64) float left[kStripRows * kLeftStride];
};
static_assert(sizeof(Scratch) <= Context::kScratchBytes);

/// Columns of b that are packed together, in whole panels.
std::int64_t columns_at_once(const Product& p);

/// b's rows k … k + depth − 1 and columns col … col + cols − 1, panel after panel.
void pack(float* packed, const Operand& b, std::int64_t k, std::int64_t depth, std::int64_t col,
          std::int64_t cols);

/// Asks for a strip's part of what pack() will read of these columns of b.
void fetch_ahead(const Operand& b, std::int64_t depth, std::int64_t col, std::int64_t cols, std::int64_t row,
                 std::int64_t rows);

/// The strip's sums grow by those of k … k + depth − 1, or begin with them.
void add_to_strip(const Strip& strip, const Operand& a, Scratch& scratch, std::int64_t k, std::int64_t depth,
                  bool begin);

/// One block of a product in the calling thread; finish(strip) for each strip of it.
template <class Finish>
void multiply_block(const Product& p, const Block& block, Scratch& scratch, const Finish& finish) {
  if (block.empty()) return;
  const bool in_scratch = p.sums == Sums::in_scratch;
  const std::int64_t depth = p.depth(), at_once = columns_at_once(p);
  // In scratch there is room for one strip's sums: where they come in parts, each strip packs b for itself.
  const std::int64_t row_step = in_scratch && depth > kDepth ? kStripRows : block.rows;
  for (std::int64_t col = 0; col < block.cols; col += at_once) {
    const std::int64_t cols = std::min(at_once, block.cols - col);
    for (std::int64_t first = 0; first < block.rows; first += row_step) {
      const std::int64_t end = std::min(first + row_step, block.rows);
      std::int64_t k = 0;
      do {
        const std::int64_t part = std::min(kDepth, depth - k);
        pack(scratch.packed, p.b, k, part, block.col + col, cols);
        for (std::int64_t row = first; row < end; row += kStripRows) {
          const Block of{block.row + row, std::min(kStripRows, end - row), block.col + col, cols};
          const Strip strip{of, in_scratch ? scratch.sums : p.c.data + of.row * p.c.stride + of.col,
                            in_scratch ? kSumStride : p.c.stride};
          if (k == 0 && row_step == block.rows && col + cols < block.cols) {
            fetch_ahead(p.b, part, block.col + col + cols, std::min(at_once, block.cols - col - cols), row,
                        end);
          }
          add_to_strip(strip, p.a, scratch, k, part, k == 0 && !p.accumulate);
          if (k + part == depth) finish(strip);
        }
        k += part;
      } while (k < depth);
    }
  }
}

}  // namespace detail

/// c = a b (or "+="), with finish(strip) for all its values in strips, and once(index, count) in each of the
/// `count` threads. Both run in any thread and must not throw.
template <class Finish, class Once>
void matmul(Context& context, const Product& p, const Finish& finish, const Once& once) {
  const double work =
      2.0 * static_cast<double>(p.rows()) * static_cast<double>(p.cols()) * static_cast<double>(p.depth());
  const int count = team(context, work);
#pragma omp parallel for schedule(static, 1) num_threads(count) if (count > 1)
  for (int index = 0; index < count; ++index) {
    auto& scratch = *static_cast<detail::Scratch*>(context.scratch(index));
    for (const Block& block : share(p.rows(), p.cols(), p.cut, index, count)) {
      detail::multiply_block(p, block, scratch, finish);
    }
    once(index, count);
  }
}

template <class Finish>
void matmul(Context& context, const Product& p, const Finish& finish) {
  matmul(context, p, finish, [](int, int) {});
}

}  // namespace elbo::ops::cpu
