#pragma once
// A block's tile of a matrix product, and how operands are copied to shared memory. gemm.cuh combines it with
// gemm_multiplier.cuh and gemm_epilogue.cuh.

#include "arch/async_copy.cuh"
#include "block.cuh"
#include "memory.cuh"
#include "ops/gemm_plan.h"

namespace elbo::cuda {

/// An operand's orientation in memory: the sum's index k is along its rows, or across them.
enum class Along { k, extent };

template <class T, int kExtent, Along kAlong>
class OperandCopier;

/// One operand of a product: `extent` vectors of k values (rows of a, columns of b). This operand is a matrix
/// in memory; others (gathered_operand.cuh) have an `extent` and a Copier that assembles stages.
struct Operand {
  template <class T, int kExtent, Along kAlong>
  using Copier = OperandCopier<T, kExtent, kAlong>;

  const float* data;
  std::int64_t stride;  ///< distance between rows in memory
  std::int64_t extent;
  bool aligned;  ///< whether four floats can be moved at once

  Operand(const float* data, std::int64_t stride, std::int64_t extent)
      : data(data), stride(stride), extent(extent), aligned(rows_aligned16(data, stride)) {}
};

/// fp32 multiply-adds, in order of k.
struct Scalar {
  static constexpr bool kTensor = false;
  static constexpr ops::GemmTile tile(int index) { return ops::kScalarTiles[index]; }
};
/// Tensor cores, with operands rounded to Format on their way into registers.
template <class FormatIs>
struct Tensor {
  static constexpr bool kTensor = true;
  using Format = FormatIs;
  static constexpr ops::GemmTile tile(int index) { return ops::kTensorTiles[index]; }
};

/// The blocks of a tile that a multiprocessor should hold, by shared memory and by registers, of which a
/// thread needs so many besides its sums. Without such a number the compiler aims at one of its own, and
/// spills for it.
constexpr int blocks_of(const ops::GemmTile& tile, int besides_sums) {
  const int sums = tile.rows * tile.cols * tile.k_slices / tile.threads();
  const int registers = std::min(255, besides_sums + 3 * sums / 2);
  return std::max(1, std::min(ops::shared_blocks(tile), 65536 / (tile.threads() * registers)));
}

/// The parameters for which a kernel is compiled.
template <class EngineIs, int kTile>
struct TileOf {
  using Engine = EngineIs;
  static constexpr ops::GemmTile kShape = Engine::tile(kTile);
  static constexpr int kRows = kShape.rows, kCols = kShape.cols, kDepth = kShape.depth;
  static constexpr int kStages = kShape.stages, kThreads = kShape.threads();
  static constexpr int kKSlices = kShape.k_slices;
  static constexpr int kWarpRows = kShape.warp_rows(), kWarpCols = kShape.warp_cols();
  static constexpr int kWarpsDown = kShape.warps_down, kWarpsAcross = kShape.warps_across;
  /// The blocks that a multiprocessor should hold: in general, and of a product of operands across k.
  static constexpr int kBlocks = blocks_of(kShape, 80), kBlocksAcross = blocks_of(kShape, 64);
  /// The registers that are left to a thread in general.
  static constexpr int kRegisters = std::min(255, 65536 / (kBlocks * kThreads) / 8 * 8);
};

/// One stage of one operand in shared memory, in the same orientation as in global memory. The padding lets a
/// warp's lanes read from different banks; see gemm_multiplier.cuh.
template <class T, int kExtent, Along kAlong>
struct SharedOperand {
  static constexpr bool kAlongK = kAlong == Along::k;
  static constexpr int kRows = kAlongK ? kExtent : T::kDepth;
  static constexpr int kCols = kAlongK ? T::kDepth : kExtent;
  static constexpr int kStride = kCols + (kAlongK ? 4 : 8);
  float values[kRows][kStride];

  __device__ float at(int place, int k) const { return kAlongK ? values[place][k] : values[k][place]; }
};

/// A thread's share of copying an operand's stages to shared memory.
template <class T, int kExtent, Along kAlong>
class OperandCopier {
 public:
  using Shared = SharedOperand<T, kExtent, kAlong>;
  static constexpr bool kAlongK = Shared::kAlongK;
  static constexpr int kAcross = Shared::kCols / 4;
  static constexpr int kDown = T::kThreads / kAcross;  ///< rows between a thread's copies
  static constexpr int kCopies = Shared::kRows / kDown;
  static_assert(T::kThreads % kAcross == 0 && Shared::kRows % kDown == 0, "every thread moves as many");

  /// Stages begin at `first_k` and follow each other. Values beyond `end_k` are zero. Values beyond the
  /// extent are arbitrary, since they only affect results outside c.
  __device__ OperandCopier(const Operand& from, std::int64_t first, std::int64_t first_k, std::int64_t end_k)
      : row_(static_cast<int>(threadIdx.x) / kAcross),
        col_(static_cast<int>(threadIdx.x) % kAcross * 4),
        stride_(from.stride),
        aligned_(from.aligned),
        whole_(from.aligned && (kAlongK ? (end_k - first_k) % 4 == 0 : from.extent % 4 == 0)),
        left_(static_cast<int>(from.extent - first < kExtent ? from.extent - first : kExtent)) {
    left_k_ = end_k - first_k;
    // If whole quads can be moved, quads beyond the extent repeat the last one.
    const int col = !kAlongK && whole_ && col_ > left_ - 4 ? left_ - 4 : col_;
    from_ = from.data + (kAlongK ? first * stride_ + first_k : first_k * stride_ + first) + col;
  }

  /// Copies the next stage.
  template <class Copies>
  __device__ void copy(Copies& copies, Shared& to) {
    if (whole_ && left_k_ >= T::kDepth) {
      ELBO_UNROLL
      for (int i = 0; i < kCopies; ++i) {
        const int row = row_ + i * kDown;
        const int last = left_ - 1;
        const std::int64_t from_row = kAlongK && row > last ? last : row;
        copies.copy4(&to.values[row][col_], from_ + from_row * stride_);
      }
    } else if (whole_) {
      copy_last(copies, to);
    } else {
      copy_edge(copies, to);
    }
    from_ += kAlongK ? T::kDepth : T::kDepth * stride_;
    left_k_ -= T::kDepth;
  }

 private:
  /// The last stage, if it is not full, in whole quads. Those beyond the last k repeat the first of it.
  template <class Copies>
  __device__ void copy_last(Copies& copies, Shared& to) const {
    const int left_k = static_cast<int>(left_k_), last = (kAlongK ? left_ : left_k) - 1;
    const float* const from = kAlongK && col_ >= left_k ? from_ - col_ : from_;
    ELBO_UNROLL
    for (int i = 0; i < kCopies; ++i) {
      const int row = row_ + i * kDown;
      const std::int64_t from_row = row > last ? last : row;
      copies.copy4_or_zeros(&to.values[row][col_], from + from_row * stride_,
                            kAlongK ? col_ < left_k : row < left_k);
    }
  }

  template <class Copies>
  __device__ void copy_edge(Copies& copies, Shared& to) const {
    const int left_k = left_k_ < T::kDepth ? static_cast<int>(left_k_) : T::kDepth;
    const int rows = kAlongK ? left_ : left_k, cols = kAlongK ? left_k : left_;
    ELBO_KEEP_LOOP
    for (int i = 0; i < kCopies; ++i) {
      const int row = row_ + i * kDown;
      const int count = row >= rows || col_ >= cols ? 0 : cols - col_ < 4 ? cols - col_ : 4;
      const float* const from = from_ + row * stride_;
      if (aligned_) {
        copies.copy4(&to.values[row][col_], count > 0 ? from : from_, count);
      } else {
        for (int j = 0; j < 4; ++j)
          copies.copy1(&to.values[row][col_ + j], j < count ? from + j : from_, j < count);
      }
    }
  }

  const float* from_;  ///< the thread's first quad of the next stage
  int row_, col_;
  std::int64_t stride_, left_k_;
  bool aligned_, whole_;
  int left_;  ///< rest of the extent, from the tile's beginning
};

/// The row stride of the block's sums, in floats: 16 lanes that each store two at (g, 2t) reach all banks.
template <class T>
inline constexpr int kResultStride = T::kCols + 8;
/// The sums [kRows, kCols] of each slice.
template <class T>
using SharedResults = float[T::kKSlices][T::kRows][kResultStride<T>];

}  // namespace elbo::cuda
