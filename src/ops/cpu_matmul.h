#pragma once
// Matrix products on the CPU, by oneDNN, a block of the result per thread.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// A matrix as it enters a product: stored row-major, taken as it is or transposed.
struct Operand {
  MatrixView<const float> stored;
  bool transposed = false;

  std::int64_t rows() const { return transposed ? stored.cols : stored.rows; }
  std::int64_t cols() const { return transposed ? stored.rows : stored.cols; }
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
  /// Rows among `rows`, counted from `row`, that this block answers for when work goes by row alone: the
  /// blocks beside each other have the same rows, and different ones of these.
  Span own_rows;
  int place = 0, places = 1;  ///< its number among the blocks beside each other, and theirs

  bool empty() const { return rows <= 0 || cols <= 0; }
};

/// How a result [rows, cols] is spread over threads: a grid of blocks whose edges are multiples of a vector.
class BlockGrid {
 public:
  /// `work` is the result's cost in flops; little work stays in one thread.
  BlockGrid(std::int64_t rows, std::int64_t cols, double work, int threads);

  int blocks() const { return down_ * across_; }
  Block block(int index) const;

 private:
  std::int64_t rows_, cols_;
  int down_ = 1, across_ = 1;
};

enum class Store { assign, accumulate };

/// How the sums over k run.
enum class SumOrder {
  from_zero,
  /// In as many parts as blocks lie beside each other, each block beginning with another part. So two cores
  /// are never near each other in b, where k is across its rows. A cache line that two cores want at once, be
  /// it by prefetching over the edge of a block, stays shared between them, and who writes it next (Adam, for
  /// a weight) waits for both.
  staggered,
};

/// Block `block` of c = a b, or of c += a b, in the calling thread. Whether oneDNN took it.
bool multiply_block(MatrixView<float> c, const Operand& a, const Operand& b, Store store, SumOrder order,
                    const Block& block);

/// Throws DeviceError: a product was refused.
[[noreturn]] void throw_refused(const MatrixView<float>& c, std::int64_t k);

/// c = a b, or c += a b, then finish(block) for each block in the thread that has just computed it. Every
/// value is a sum in an order that the shape and the number of threads fix.
template <class Finish>
void matmul(Context& context, MatrixView<float> c, const Operand& a, const Operand& b, Store store,
            SumOrder order, const Finish& finish) {
  const std::int64_t k = a.cols();
  const double work =
      2.0 * static_cast<double>(c.rows) * static_cast<double>(c.cols) * static_cast<double>(k);
  const BlockGrid grid(c.rows, c.cols, work, context.threads());
  bool done = true;
#pragma omp parallel for schedule(static, 1) num_threads(grid.blocks()) if (grid.blocks() > 1) reduction(&& : done)
  for (int i = 0; i < grid.blocks(); ++i) {
    const Block block = grid.block(i);
    if (!block.empty()) done = multiply_block(c, a, b, store, order, block) && done;
    finish(block);
  }
  if (!done) throw_refused(c, k);
}

}  // namespace elbo::ops::cpu
