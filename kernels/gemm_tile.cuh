#pragma once
// A block's tile of a matrix product: how operands are copied to shared memory, and how warps multiply them
// there. product.cuh combines the parts.

#include "arch/async_copy.cuh"
#include "arch/mma.cuh"
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
  /// The blocks that a multiprocessor should hold, by shared memory and the registers that sums need. Without
  /// such a number the compiler aims at one of its own, and spills for it.
  static constexpr int kSums = kRows * kCols * kKSlices / kThreads;
  static constexpr int kBlocks =
      std::max(1, std::min(ops::shared_blocks(kShape), 65536 / (kThreads * (64 + 3 * kSums / 2))));
  /// The registers that are left to a thread then.
  static constexpr int kRegisters = std::min(255, 65536 / (kBlocks * kThreads) / 8 * 8);
};

/// One stage of one operand in shared memory, in the same orientation as in global memory. The padding lets a
/// warp's lanes read from different banks; see the multipliers below.
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

/// A warp's place in its block's grid of warps.
template <class T>
struct WarpPlace {
  int row, col, k_slice;  ///< first row and column of its piece

  __device__ WarpPlace() {
    const int warp = warp_in_block();
    row = warp % T::kWarpsDown * T::kWarpRows;
    col = warp / T::kWarpsDown % T::kWarpsAcross * T::kWarpCols;
    k_slice = warp / (T::kWarpsDown * T::kWarpsAcross);
  }
};

/// A lane's numbers: g counts the rows of a piece on tensor cores, t the lanes that share one.
struct LanePlace {
  int g, t;
  __device__ LanePlace() : g(lane_in_warp() / 4), t(lane_in_warp() % 4) {}
};

/// How a lane reads a unit of 16 neighbouring places of an operand: one piece of a, or two of b. It reads two
/// places and two k, each 4 apart, at once, so that a piece's registers are adjacent. The mapping from an
/// operand's places and k to those of a piece is free, as long as a and b agree on k, and store() uses the
/// same places. So BF16 takes t and t + 4 for its pair 2t, 2t + 1. The reads reach all banks at once: along k
/// by ldmatrix, whose 8 rows of 16 bytes are ≡ 4 (mod 8) floats apart; across k, with rows ≡ 8 (mod 16)
/// floats apart, by 32 lanes at 8t + g, or by 16 lanes that each read two at 8t + 2g.
template <class Format, class Shared, bool kOfA>
struct UnitReader {
  /// Reads two neighbouring places of a at once.
  static constexpr bool kPairs = kOfA && !Shared::kAlongK;
  static __device__ int place(int g, int half) { return kPairs ? 2 * g + half : g + 8 * half; }

  /// Calls use(half, index, register) with the index-th register along k of the place `half`.
  template <class Use>
  static __device__ void read(const Shared& from, int unit, int first_k, const Use& use) {
    if constexpr (Format::kDepth == 8) {
      float values[2][2];
      corner(values, from, unit, first_k);
      ELBO_UNROLL
      for (int half = 0; half < 2; ++half) {
        use(half, 0, arch::tf32_bits(values[half][0]));
        use(half, 1, arch::tf32_bits(values[half][1]));
      }
    } else {
      ELBO_UNROLL
      for (int index = 0; index < 2; ++index) {
        float values[2][2];
        corner(values, from, unit, first_k + 8 * index);
        use(0, index, arch::bf16_pair_bits(values[0][0], values[0][1]));
        use(1, index, arch::bf16_pair_bits(values[1][0], values[1][1]));
      }
    }
  }

 private:
  /// values[half][i] is the value at k = first + t + 4 i of each of the two places.
  static __device__ void corner(float (&values)[2][2], const Shared& from, int unit, int first_k) {
    const LanePlace lane;
    if constexpr (Shared::kAlongK) {
      float four[4];
      arch::load_pieces<kOfA>(four, &from.values[unit][first_k], Shared::kStride);
      ELBO_UNROLL
      for (int i = 0; i < 4; ++i) (kOfA ? values[i % 2][i / 2] : values[i / 2][i % 2]) = four[i];
    } else {
      ELBO_UNROLL
      for (int i = 0; i < 2; ++i) {
        const float* const row = &from.values[first_k + lane.t + 4 * i][unit];
        if constexpr (kPairs) {
          const float2 two = *reinterpret_cast<const float2*>(row + 2 * lane.g);
          values[0][i] = two.x;
          values[1][i] = two.y;
        } else {
          values[0][i] = row[lane.g];
          values[1][i] = row[lane.g + 8];
        }
      }
    }
  }
};

/// A warp's sums, and the multiplication of one stage into them. The primary template is for tensor cores.
template <class T, class A, class B, class Engine = typename T::Engine>
class Multiplier {
 public:
  using Format = typename Engine::Format;
  static constexpr int kDown = T::kWarpRows / 16, kAcross = T::kWarpCols / 8;
  static_assert(T::kWarpRows % 16 == 0 && T::kWarpCols % 16 == 0);
  static_assert(T::kDepth % (T::kKSlices * Format::kDepth) == 0, "slices share the depth evenly");

  static constexpr int kStep = Format::kDepth;  ///< the k that are multiplied at once

  __device__ void add(const A& a, const B& b) {
    ELBO_UNROLL
    for (int step = 0; step < T::kDepth / (T::kKSlices * Format::kDepth); ++step)
      add_step(a, b, (warp_.k_slice + step * T::kKSlices) * Format::kDepth);
  }

  /// The same for a stage of which only the first `depth` k are not zero.
  __device__ void add_first(const A& a, const B& b, int depth) {
    ELBO_KEEP_LOOP
    for (int k = warp_.k_slice * Format::kDepth; k < depth; k += T::kKSlices * Format::kDepth)
      add_step(a, b, k);
  }

  /// Stores the sums in their place among the block's.
  __device__ void store(SharedResults<T>& to) const {
    const LanePlace lane;
    ELBO_UNROLL
    for (int i = 0; i < 2 * kDown; ++i) {
      float* const row = to[warp_.k_slice][warp_.row + 16 * (i / 2) + ReaderA::place(lane.g, i % 2)];
      ELBO_UNROLL
      for (int j = 0; j < kAcross; j += 2) {
        const float* const left = &sums_[i / 2][j][2 * (i % 2)];
        const float* const right = &sums_[i / 2][j + 1][2 * (i % 2)];
        float* const unit = row + warp_.col + 8 * j + 2 * lane.t;
        *reinterpret_cast<float2*>(unit) = {left[0], left[1]};
        *reinterpret_cast<float2*>(unit + 8) = {right[0], right[1]};
      }
    }
  }

 private:
  using ReaderA = UnitReader<Format, A, true>;
  using ReaderB = UnitReader<Format, B, false>;

  __device__ void add_step(const A& a, const B& b, int k) {
    arch::FragmentA from_a[kDown];
    arch::FragmentB from_b[kAcross];
    ELBO_UNROLL
    for (int i = 0; i < kDown; ++i) {
      ReaderA::read(a, warp_.row + 16 * i, k, [&](int half, int index, std::uint32_t bits) {
        from_a[i].bits[half + 2 * index] = bits;
      });
    }
    ELBO_UNROLL
    for (int j = 0; j < kAcross; j += 2) {
      ReaderB::read(b, warp_.col + 8 * j, k,
                    [&](int half, int index, std::uint32_t bits) { from_b[j + half].bits[index] = bits; });
    }
    arch::multiply_add<Format>(sums_, from_a, from_b);
  }

  WarpPlace<T> warp_;
  float sums_[kDown][kAcross][4] = {};
};

/// One thread's values of an operand for scalar multiply-adds: kCount of a warp's kLanes · kCount places.
/// Along k they are kLanes apart, so that lanes read from different banks; across k they are adjacent, so
/// that several are read at once.
template <class Shared, int kCount, int kLanes>
struct ScalarSide {
  static __device__ int place(int lane, int i) {
    return Shared::kAlongK ? lane + kLanes * i : lane * kCount + i;
  }

  /// values[i][j] is the value at place i and k + j.
  static __device__ void read(float (&values)[kCount][4], const Shared& from, int first, int lane, int k) {
    ELBO_UNROLL
    for (int outer = 0; outer < (Shared::kAlongK ? kCount : 4); ++outer) {
      if constexpr (Shared::kAlongK) {
        const float4 four = load4(&from.values[first + place(lane, outer)][k]);
        values[outer][0] = four.x;
        values[outer][1] = four.y;
        values[outer][2] = four.z;
        values[outer][3] = four.w;
      } else {
        const float* const row = &from.values[k + outer][first + place(lane, 0)];
        ELBO_UNROLL
        for (int i = 0; i < kCount; i += 2) {
          const float2 two = *reinterpret_cast<const float2*>(row + i);
          values[i][outer] = two.x;
          values[i + 1][outer] = two.y;
        }
      }
    }
  }
};

/// Scalar multiply-adds: a warp's lanes form a grid of 8 down and 4 across.
template <class T, class A, class B>
class Multiplier<T, A, B, Scalar> {
 public:
  static constexpr int kDown = T::kWarpRows / 8, kAcross = T::kWarpCols / 4;
  static_assert(T::kDepth % (4 * T::kKSlices) == 0 && kDown % 2 == 0 && kAcross % 2 == 0);
  static constexpr int kStep = 4;

  __device__ void add(const A& a, const B& b) {
    ELBO_UNROLL
    for (int step = 0; step < T::kDepth / (kStep * T::kKSlices); ++step)
      add_step(a, b, (warp_.k_slice + step * T::kKSlices) * kStep);
  }

  __device__ void add_first(const A& a, const B& b, int depth) {
    ELBO_KEEP_LOOP
    for (int k = warp_.k_slice * kStep; k < depth; k += T::kKSlices * kStep) add_step(a, b, k);
  }

  __device__ void store(SharedResults<T>& to) const {
    ELBO_UNROLL
    for (int i = 0; i < kDown; ++i) {
      const int row = warp_.row + SideA::place(lane_in_warp() / 4, i);
      ELBO_UNROLL
      for (int j = 0; j < kAcross; ++j)
        to[warp_.k_slice][row][warp_.col + SideB::place(lane_in_warp() % 4, j)] = sums_[i][j];
    }
  }

 private:
  using SideA = ScalarSide<A, kDown, 8>;
  using SideB = ScalarSide<B, kAcross, 4>;

  __device__ void add_step(const A& a, const B& b, int k) {
    float from_a[kDown][4], from_b[kAcross][4];
    SideA::read(from_a, a, warp_.row, lane_in_warp() / 4, k);
    SideB::read(from_b, b, warp_.col, lane_in_warp() % 4, k);
    ELBO_UNROLL
    for (int of_k = 0; of_k < 4; ++of_k) {
      ELBO_UNROLL
      for (int i = 0; i < kDown; ++i) {
        ELBO_UNROLL
        for (int j = 0; j < kAcross; ++j) sums_[i][j] = fmaf(from_a[i][of_k], from_b[j][of_k], sums_[i][j]);
      }
    }
  }

  WarpPlace<T> warp_;
  float sums_[kDown][kAcross] = {};
};

}  // namespace elbo::cuda
