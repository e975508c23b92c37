#pragma once
// A block's tile of a matrix product: how its operands come into shared memory, and how its warps multiply
// them there. product.cuh puts the parts together.

#include "arch/async_copy.cuh"
#include "arch/mma.cuh"
#include "block.cuh"
#include "memory.cuh"
#include "ops/product_plan.h"

namespace elbo::cuda {

/// How an operand lies in memory. The sum's index k is either along its rows, or across them.
enum class Along { k, extent };

/// One operand of a product: `extent` vectors of k values (rows of a, columns of b).
struct Operand {
  const float* data;
  std::int64_t stride;  ///< between rows in memory
  std::int64_t extent;
  bool aligned;  ///< whether four floats can be moved at once

  Operand(const float* data, std::int64_t stride, std::int64_t extent)
      : data(data), stride(stride), extent(extent), aligned(rows_aligned16(data, stride)) {}
};

/// fp32 multiply-adds, in order of k.
struct Scalar {
  static constexpr bool kTensor = false;
  static constexpr ops::ProductTile tile(int index) { return ops::kScalarTiles[index]; }
};
/// Tensor cores, with operands rounded to Format on their way into registers.
template <class FormatIs>
struct Tensor {
  static constexpr bool kTensor = true;
  using Format = FormatIs;
  static constexpr ops::ProductTile tile(int index) { return ops::kTensorTiles[index]; }
};

/// What a kernel is compiled for.
template <class EngineIs, int kTile>
struct TileOf {
  using Engine = EngineIs;
  static constexpr ops::ProductTile kShape = Engine::tile(kTile);
  static constexpr int kRows = kShape.rows, kCols = kShape.cols, kDepth = kShape.depth;
  static constexpr int kStages = kShape.stages, kThreads = kShape.threads();
  static constexpr int kSlices = kShape.slices;
  static constexpr int kWarpRows = kShape.warp_rows(), kWarpCols = kShape.warp_cols();
  static constexpr int kWarpsDown = kShape.warps_down, kWarpsAcross = kShape.warps_across;
};

/// One stage of one operand in shared memory, lying as in global memory. The padding lets the lanes of a warp
/// read from different banks: see the multipliers below.
template <class T, int kExtent, Along kAlong>
struct SharedOperand {
  static constexpr bool kAlongK = kAlong == Along::k;
  static constexpr int kRows = kAlongK ? kExtent : T::kDepth;
  static constexpr int kCols = kAlongK ? T::kDepth : kExtent;
  static constexpr int kStride = kCols + (T::Engine::kTensor && kAlongK ? 8 : 4);
  float values[kRows][kStride];

  __device__ float at(int place, int k) const { return kAlongK ? values[place][k] : values[k][place]; }
  /// Those of k and k + 1; k is even.
  __device__ float2 pair(int place, int k) const {
    if constexpr (kAlongK) return *reinterpret_cast<const float2*>(&values[place][k]);
    return {values[k][place], values[k + 1][place]};
  }
};

/// A thread's share of the way of an operand's stages into shared memory.
template <class T, int kExtent, Along kAlong>
class OperandCopier {
 public:
  using Shared = SharedOperand<T, kExtent, kAlong>;
  static constexpr int kAcross = Shared::kCols / 4;
  static constexpr int kDown = T::kThreads / kAcross;  ///< rows between a thread's copies
  static constexpr int kCopies = Shared::kRows / kDown;
  static_assert(T::kThreads % kAcross == 0 && Shared::kRows % kDown == 0, "every thread moves as many");

  __device__ OperandCopier(const Operand& from, std::int64_t first, std::int64_t end_k)
      : from_(from),
        first_(first),
        end_k_(end_k),
        row_(static_cast<int>(threadIdx.x) / kAcross),
        col_(static_cast<int>(threadIdx.x) % kAcross * 4) {}

  /// Zeros stand in for what is beyond the operand or `end_k`.
  template <class Copies>
  __device__ void copy(Copies& copies, Shared& to, std::int64_t first_k) const {
    const std::int64_t col = col_ + (Shared::kAlongK ? first_k : first_);
    const std::int64_t row = row_ + (Shared::kAlongK ? first_ : first_k);
    const std::int64_t rows = (Shared::kAlongK ? from_.extent : end_k_) - row;
    const std::int64_t cols = (Shared::kAlongK ? end_k_ : from_.extent) - col;
    const int count = cols < 0 ? 0 : cols < 4 ? static_cast<int>(cols) : 4;
    const float* from = from_.data + row * from_.stride + col;
    ELBO_UNROLL
    for (int i = 0; i < kCopies; ++i, from += kDown * from_.stride) {
      const int here = i * kDown < rows ? count : 0;
      float* const place = &to.values[row_ + i * kDown][col_];
      if (from_.aligned) {
        copies.copy4(place, here > 0 ? from : from_.data, here);
      } else {
        ELBO_UNROLL
        for (int j = 0; j < 4; ++j) copies.copy1(place + j, j < here ? from + j : from_.data, j < here);
      }
    }
  }

 private:
  Operand from_;
  std::int64_t first_, end_k_;
  int row_, col_;
};

/// Floats between the rows of the block's sums: 16 lanes that store two at (g, 2t) store to all banks.
template <class T>
inline constexpr int kResultStride = T::kCols + 8;
/// The sums [kRows, kCols] of each slice.
template <class T>
using SharedResults = float[T::kSlices][T::kRows][kResultStride<T>];

/// Where a warp stands in its block's grid of warps.
template <class T>
struct WarpPlace {
  int row, col, slice;  ///< first row and column of its piece

  __device__ WarpPlace() {
    const int warp = warp_in_block();
    row = warp % T::kWarpsDown * T::kWarpRows;
    col = warp / T::kWarpsDown % T::kWarpsAcross * T::kWarpCols;
    slice = warp / (T::kWarpsDown * T::kWarpsAcross);
  }
};

/// A warp's sums, and how it multiplies one stage into them. Primary: tensor cores.
///
/// Which k is multiplied in which place of a piece does not matter as long as a and b agree, so that in
/// TF32 lane t takes 2t and 2t + 1 for its places t and t + 4: two neighbours in memory, as BF16 wants them.
/// Of a stage along k, with rows ≡ 8 (mod 32) floats apart, 16 lanes read 8g + 2t and the next: all banks.
/// Of one along the extent, rows are ≡ 4 (mod 16) apart, and 32 lanes read 8t + g: all banks.
template <class T, class A, class B, class Engine = typename T::Engine>
class Multiplier {
 public:
  using Format = typename Engine::Format;
  static constexpr int kDown = T::kWarpRows / 16, kAcross = T::kWarpCols / 8;
  static_assert(T::kWarpRows % 16 == 0 && T::kWarpCols % 8 == 0);
  static_assert(T::kDepth % (T::kSlices * Format::kDepth) == 0, "slices share the depth evenly");

  __device__ void add(const A& a, const B& b) {
    const int group = lane_in_warp() / 4, place = lane_in_warp() % 4;
    ELBO_UNROLL
    for (int step = 0; step < T::kDepth / (T::kSlices * Format::kDepth); ++step) {
      const int k = (warp_.slice + step * T::kSlices) * Format::kDepth + 2 * place;
      arch::FragmentA from_a[kDown];
      arch::FragmentB from_b[kAcross];
      ELBO_UNROLL
      for (int i = 0; i < kDown; ++i) {
        read(from_a[i].bits, a, warp_.row + 16 * i + group, k);
      }
      ELBO_UNROLL
      for (int j = 0; j < kAcross; ++j) {
        read(from_b[j].bits, b, warp_.col + 8 * j + group, k);
      }
      arch::multiply_add<Format>(sums_, from_a, from_b);
    }
  }

  /// Puts the sums where they belong in the block's.
  __device__ void store(SharedResults<T>& to) const {
    const int group = lane_in_warp() / 4, place = lane_in_warp() % 4;
    ELBO_UNROLL
    for (int i = 0; i < kDown; ++i) {
      ELBO_UNROLL
      for (int j = 0; j < kAcross; ++j) {
        float* const at = &to[warp_.slice][warp_.row + 16 * i + group][warp_.col + 8 * j + 2 * place];
        *reinterpret_cast<float2*>(at) = {sums_[i][j][0], sums_[i][j][1]};
        *reinterpret_cast<float2*>(at + 8 * kResultStride<T>) = {sums_[i][j][2], sums_[i][j][3]};
      }
    }
  }

 private:
  /// A lane's registers of a piece whose vectors, of this lane, are at `at` and for a also 8 further.
  template <int kRegisters, class Shared>
  static __device__ void read(std::uint32_t (&bits)[kRegisters], const Shared& from, int at, int k) {
    constexpr int kVectors = kRegisters / 2;
    ELBO_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const float2 low = from.pair(at + 8 * v, k);
      if constexpr (Format::kDepth == 8) {
        bits[v] = arch::tf32_bits(low.x);
        bits[kVectors + v] = arch::tf32_bits(low.y);
      } else {
        const float2 high = from.pair(at + 8 * v, k + 8);
        bits[v] = arch::bf16_pair_bits(low.x, low.y);
        bits[kVectors + v] = arch::bf16_pair_bits(high.x, high.y);
      }
    }
  }

  WarpPlace<T> warp_;
  float sums_[kDown][kAcross][4] = {};
};

/// One operand's values of a thread that multiplies single values: kCount of a warp's kLanes · kCount
/// places. Along k they are kLanes apart, so that lanes read from different banks; across k side by side, so
/// that several are read at once.
template <class Shared, int kCount, int kLanes>
struct ScalarSide {
  static __device__ int place(int lane, int i) {
    return Shared::kAlongK ? lane + kLanes * i : lane * kCount + i;
  }

  /// values[i][j]: place i, k + j.
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

/// Single multiply-adds: a warp's lanes stand 8 down and 4 across.
template <class T, class A, class B>
class Multiplier<T, A, B, Scalar> {
 public:
  static constexpr int kDown = T::kWarpRows / 8, kAcross = T::kWarpCols / 4;
  static_assert(T::kDepth % (4 * T::kSlices) == 0 && kDown % 2 == 0 && kAcross % 2 == 0);

  __device__ void add(const A& a, const B& b) {
    ELBO_UNROLL
    for (int step = 0; step < T::kDepth / (4 * T::kSlices); ++step) {
      const int k = (warp_.slice + step * T::kSlices) * 4;
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
  }

  __device__ void store(SharedResults<T>& to) const {
    ELBO_UNROLL
    for (int i = 0; i < kDown; ++i) {
      const int row = warp_.row + SideA::place(lane_in_warp() / 4, i);
      ELBO_UNROLL
      for (int j = 0; j < kAcross; ++j)
        to[warp_.slice][row][warp_.col + SideB::place(lane_in_warp() % 4, j)] = sums_[i][j];
    }
  }

 private:
  using SideA = ScalarSide<A, kDown, 8>;
  using SideB = ScalarSide<B, kAcross, 4>;

  WarpPlace<T> warp_;
  float sums_[kDown][kAcross] = {};
};

}  // namespace elbo::cuda
