#include "ops/cpu_matmul.h"

#include <omp.h>

#include <algorithm>
#include <dnnl.h>

#include "runtime/check.h"

namespace elbo::ops::cpu {
namespace {

constexpr std::int64_t kEdge = 16;             ///< floats in a cache line
constexpr std::int64_t kStaggeredDepth = 128;  ///< below it the parts of a sum are too short to be worth it

std::int64_t divide_up(std::int64_t value, std::int64_t by) {
  return (value + by - 1) / by;
}

/// oneDNN takes the size of its team from OpenMP; while one of these lives, a product stays in this thread.
class InThisThread {
 public:
  InThisThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~InThisThread() { omp_set_num_threads(before_); }
  InThisThread(const InThisThread&) = delete;
  InThisThread& operator=(const InThisThread&) = delete;

 private:
  int before_;
};

}  // namespace

Span Span::part(std::int64_t whole, int index, int count) {
  const std::int64_t each = divide_up(divide_up(whole, kEdge), count) * kEdge;
  const std::int64_t first = std::min(whole, index * each);
  return {first, std::min(each, whole - first)};
}

BlockGrid::BlockGrid(std::int64_t rows, std::int64_t cols, double work, int threads)
    : rows_(rows), cols_(cols) {
  constexpr double kParallelWork = 1 << 18;
  if (work < kParallelWork) return;
  // Of all grids, the one whose blocks have the shortest sides: what a block reads of a and b.
  double best = 0.0;
  for (int down = 1; down <= threads; ++down) {
    if (threads % down != 0) continue;
    const int across = threads / down;
    const double sides = static_cast<double>(rows) / down + static_cast<double>(cols) / across;
    if (down == 1 || sides < best) {
      best = sides;
      down_ = down;
      across_ = across;
    }
  }
}

Block BlockGrid::block(int index) const {
  const int place = index % across_;
  const Span row = Span::part(rows_, index / across_, down_), col = Span::part(cols_, place, across_);
  return {row.first, row.size, col.first, col.size, Span::part(row.size, place, across_), place, across_};
}

bool multiply_block(MatrixView<float> c, const Operand& a, const Operand& b, Store store, SumOrder order,
                    const Block& block) {
  const InThisThread guard;
  const std::int64_t k = a.cols();
  const float* const a_rows = a.stored.data + block.row * (a.transposed ? 1 : a.stored.stride);
  const float* const b_cols = b.stored.data + block.col * (b.transposed ? b.stored.stride : 1);
  float* const to = c.data + block.row * c.stride + block.col;
  const auto add_part = [&](Span part, float beta) {
    return dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', block.rows, block.cols, part.size,
                      1.0f, a_rows + part.first * (a.transposed ? a.stored.stride : 1), a.stored.stride,
                      b_cols + part.first * (b.transposed ? 1 : b.stored.stride), b.stored.stride, beta, to,
                      c.stride) == dnnl_success;
  };
  float beta = store == Store::accumulate ? 1.0f : 0.0f;
  const int parts = order == SumOrder::staggered && k >= kStaggeredDepth ? block.places : 1;
  for (int i = 0; i < parts; ++i) {
    const Span part = Span::part(k, (block.place + i) % parts, parts);
    if (part.size <= 0) continue;  // many threads, few cache lines; oneDNN leaves c as it is where k is 0
    if (!add_part(part, beta)) return false;
    beta = 1.0f;
  }
  return true;
}

void throw_refused(const MatrixView<float>& c, std::int64_t k) {
  throw DeviceError(concat("oneDNN refused to multiply [", c.rows, ", ", k, "] by [", k, ", ", c.cols,
                           "]: this build and the oneDNN library at run time do not fit together."));
}

}  // namespace elbo::ops::cpu
