#pragma once
// How warps multiply a stage's operands in shared memory, on tensor cores or by scalar multiply-adds.

#include "arch/mma.cuh"
#include "gemm_tile.cuh"
#include "warp.cuh"

namespace elbo::cuda {

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
