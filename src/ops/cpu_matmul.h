#pragma once
// Matrix products on the CPU. Each thread computes a share of the result in strips of a few rows, and the
// epilogue (bias, activation, derivative, Adam) finishes their sums while they are in the first-level cache.
//
// Nothing here allocates: panels and sums are in the context's scratch. Every value of a result is one sum
// over k in order, so its bits depend neither on the number of threads nor on the other rows.

#include <algorithm>
#include <array>

#include "ops/cpu_tile.h"
#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// A part of a matrix.
struct Block {
  std::int64_t row = 0, rows = 0;
  std::int64_t col = 0, cols = 0;

  bool empty() const { return rows <= 0 || cols <= 0; }
};

/// A matrix that is not in memory: its values are assembled when they are packed.
class Source {
 public:
  /// Writes the values of `block` to `to`, rows `stride` apart.
  virtual void copy(const Block& block, float* to, std::int64_t stride) const = 0;

 protected:
  ~Source() = default;
};

/// An operand of a product: a row-major matrix, as it is or transposed; or the values of a source.
struct Operand {
  MatrixView<const float> stored;  ///< without memory if there is a source
  bool transposed = false;
  const Source* source = nullptr;  ///< never transposed

  std::int64_t rows() const { return transposed ? stored.cols : stored.rows; }
  std::int64_t cols() const { return transposed ? stored.rows : stored.cols; }
  /// A pointer to the value in row `row` and column `col`.
  const float* at(std::int64_t row, std::int64_t col) const {
    return stored.data + (transposed ? col * stored.stride + row : row * stored.stride + col);
  }
};

/// An operand of this size from `source`.
inline Operand operand_of(const Source& source, std::int64_t rows, std::int64_t cols) {
  return {{nullptr, rows, cols}, false, &source};
}

/// `size` values from `first` on.
struct Span {
  std::int64_t first = 0, size = 0;

  /// Part `index` of `count` of the range 0 … whole − 1; parts are whole cache lines, except for the last.
  static Span part(std::int64_t whole, int index, int count);
};

/// How a result is divided among the threads.
enum class Cut {
  columns,  ///< each thread packs only its columns of b; for results whose rows are whole cache lines
  rows,     ///< only the cache line at a cut has two writers; every thread packs all of b
};

/// The blocks of a result that thread `index` of `count` computes. Each thread has the same work but for a
/// few values. A cut may go through a column (or row) of small pieces, hence up to three blocks. The blocks
/// of all threads cover each value once.
std::array<Block, 3> share(std::int64_t rows, std::int64_t cols, Cut cut, int index, int count);

/// The number of threads for a product of `work` flops; little work stays in one thread.
int threads_for(const Context& context, double work);

/// Longer sums are divided into parts, so that a strip of the left operand and a panel stay in the caches
/// near the core.
inline constexpr std::int64_t kDepth = 1024;
inline bool in_one_go(std::int64_t depth) {
  return depth <= kDepth;
}

/// Where a thread builds its sums.
enum class Sums {
  in_result,   ///< in c
  in_scratch,  ///< in the thread's scratch: c is read during the product, or not needed
};

/// A thread's outer loop.
enum class Order {
  columns_first,  ///< over columns of b, whose sums are completed
  depth_first,    ///< over parts of the depth, which are so read once; only with Sums::in_result
};

struct Gemm {
  MatrixView<float> c;
  Operand a, b;
  bool accumulate = false;  ///< c += a b; only with Sums::in_result
  Cut cut = Cut::columns;
  Sums sums = Sums::in_result;
  Order order = Order::columns_first;
  std::int64_t part = kDepth;  ///< longest part of the depth that is summed at once; at most kDepth
  /// For very few columns: vectors go along the depth, not across columns, and sums have other bits. a's rows
  /// are contiguous.
  bool dots = false;

  std::int64_t rows() const { return a.rows(); }
  std::int64_t cols() const { return b.cols(); }
  std::int64_t depth() const { return a.cols(); }
};

/// Finished sums of a few rows: the values of `block`, with rows `stride` apart.
struct Strip {
  Block block;
  float* sums;
  std::int64_t stride;

  float* row(std::int64_t r) const { return sums + r * stride; }
};

namespace detail {

inline constexpr std::int64_t kPackedFloats = 128 << 10;  ///< half of a 1 MiB second-level cache
inline constexpr std::int64_t kSumColumns = 1024;
inline constexpr std::int64_t kSumPadding = 16;  ///< keeps rows out of the same cache set
inline constexpr std::int64_t kSumFloats = 64 << 10;
static_assert(kSumFloats >= kStripRows * (kSumColumns + kSumPadding));

inline constexpr std::int64_t kLeftStride = kDepth + 16;

/// A thread's scratch.
struct Scratch {
  alignas(64) float packed[kPackedFloats];
  alignas(64) float sums[kSumFloats];
  alignas(64) float left[kStripRows * kLeftStride];
};
static_assert(sizeof(Scratch) <= Context::kScratchBytes);

/// Columns of b that are packed together, in whole panels.
std::int64_t columns_at_once(const Gemm& p);

/// b's rows k … k + depth − 1 and columns col … col + cols − 1, panel after panel, or for dots column after
/// column.
void pack(float* packed, const Gemm& p, std::int64_t k, std::int64_t depth, std::int64_t col,
          std::int64_t cols);

/// Prefetches a strip's part of the values that pack() will read from these columns of b.
void fetch_ahead(const Operand& b, std::int64_t depth, std::int64_t col, std::int64_t cols, std::int64_t row,
                 std::int64_t rows);

/// Adds the sums over k … k + depth − 1 to the strip's sums, or starts them.
void add_to_strip(const Strip& strip, const Gemm& p, Scratch& scratch, std::int64_t k, std::int64_t depth,
                  bool begin);

/// The number of rows whose sums are built together: all rows, unless sums in parts are in scratch, which has
/// room for some.
std::int64_t rows_at_once(const Gemm& p, const Block& block, std::int64_t cols);

/// A piece of a product that uses one packing of b: a block of the result, a part of its sums, and the
/// columns packed next, which are prefetched meanwhile.
struct Piece {
  Block block;
  std::int64_t k, depth;
  std::int64_t next_cols;
};

/// Adds a piece to its sums; calls epilogue(strip) for each strip whose sums are complete.
template <class Epilogue>
void multiply_piece(const Gemm& p, const Piece& piece, Scratch& scratch, const Epilogue& epilogue) {
  const Block& block = piece.block;
  const bool in_scratch = p.sums == Sums::in_scratch, whole = piece.depth == p.depth();
  const std::int64_t stride = in_scratch ? block.cols + kSumPadding : p.c.stride;
  pack(scratch.packed, p, piece.k, piece.depth, block.col, block.cols);
  for (std::int64_t row = 0; row < block.rows; row += kStripRows) {
    const Block of{block.row + row, std::min(kStripRows, block.rows - row), block.col, block.cols};
    // Strips whose sums are completed at once share one memory in turn, which stays in the first-level cache.
    float* const sums =
        in_scratch ? scratch.sums + (whole ? 0 : row * stride) : p.c.data + of.row * p.c.stride + of.col;
    const Strip strip{of, sums, stride};
    if (piece.next_cols > 0) {
      fetch_ahead(p.b, piece.depth, block.col + block.cols, piece.next_cols, row, block.rows);
    }
    add_to_strip(strip, p, scratch, piece.k, piece.depth, piece.k == 0 && !p.accumulate);
    if (piece.k + piece.depth == p.depth()) epilogue(strip);
  }
}

/// Computes one block of a product in the calling thread; calls epilogue(strip) for each of its strips.
template <class Epilogue>
void multiply_block(const Gemm& p, const Block& block, Scratch& scratch, const Epilogue& epilogue) {
  if (block.empty()) return;
  const std::int64_t depth = p.depth(), at_once = columns_at_once(p);
  const std::int64_t row_step = rows_at_once(p, block, std::min(at_once, block.cols));
  const bool depth_first = p.order == Order::depth_first;
  // The loop over the parts of the depth is outside or inside the others; an empty sum has one part, too.
  std::int64_t outer = 0;
  do {
    for (std::int64_t col = 0; col < block.cols; col += at_once) {
      const std::int64_t cols = std::min(at_once, block.cols - col);
      const std::int64_t next_cols = std::min(at_once, block.cols - col - cols);
      for (std::int64_t row = 0; row < block.rows; row += row_step) {
        const Block of{block.row + row, std::min(row_step, block.rows - row), block.col + col, cols};
        std::int64_t k = outer;
        do {
          const std::int64_t part = std::min(p.part, depth - k);
          const bool fetch = k == 0 && row_step == block.rows && !depth_first;
          multiply_piece(p, {of, k, part, fetch ? next_cols : 0}, scratch, epilogue);
          k += part;
        } while (k < depth && !depth_first);
      }
    }
    outer += p.part;
  } while (depth_first && outer < depth);
}

}  // namespace detail

/// c = a b (or "+="). Calls epilogue(strip) for strips that cover all values, and once(index, count) in each
/// of the `count` threads. Both run in any thread and must not throw.
template <class Epilogue, class Once>
void matmul(Context& context, const Gemm& p, const Epilogue& epilogue, const Once& once) {
  const double work =
      2.0 * static_cast<double>(p.rows()) * static_cast<double>(p.cols()) * static_cast<double>(p.depth());
  const int count = threads_for(context, work);
  context.team().run(count, [&](int index) {
    auto& scratch = *static_cast<detail::Scratch*>(context.scratch(index));
    for (const Block& block : share(p.rows(), p.cols(), p.cut, index, count)) {
      detail::multiply_block(p, block, scratch, epilogue);
    }
    once(index, count);
  });
}

template <class Epilogue>
void matmul(Context& context, const Gemm& p, const Epilogue& epilogue) {
  matmul(context, p, epilogue, [](int, int) {});
}

}  // namespace elbo::ops::cpu
