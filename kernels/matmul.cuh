#pragma once
// Matrix products by shared-memory tiles, with what is done to each result as a functor: no pass of its own.
//
// A block computes a tile of c, a thread a small piece of it in registers. Tiles of a and b pass through
// shared memory, two of each: while one pair is multiplied, the next is on its way from global memory. Each
// value is one sum over k in order, so the bits depend on nothing but the operands.

#include "block.cuh"
#include "memory.cuh"

namespace elbo::cuda {

/// A block's tile [kRows, kCols], kDepth of the sum at a time, and a thread's piece [kThreadRows,
/// kThreadCols] of it.
template <int kRowsIs, int kColsIs, int kDepthIs, int kThreadRowsIs, int kThreadColsIs>
struct Tile {
  static constexpr int kRows = kRowsIs, kCols = kColsIs, kDepth = kDepthIs;
  static constexpr int kThreadRows = kThreadRowsIs, kThreadCols = kThreadColsIs;
  static constexpr int kThreadsAcross = kCols / kThreadCols;
  static constexpr int kThreads = kRows / kThreadRows * kThreadsAcross;
  static_assert(kRows % kThreadRows == 0 && kCols % kThreadCols == 0 && kThreads % 32 == 0);
};

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

/// Four floats more than a row needs, so that rows begin in different banks and stay aligned.
template <int kExtent, int kDepth>
using SharedTile = float[kDepth][kExtent + 4];

template <class T>
struct alignas(16) MatmulStorage {
  SharedTile<T::kRows, T::kDepth> a[2];
  SharedTile<T::kCols, T::kDepth> b[2];
};

/// A thread's share of the way of one [kExtent, kDepth] tile from global to shared memory.
template <int kExtent, int kDepth, int kThreads, Along kAlong>
struct TileMover {
  static constexpr int kVectors = kExtent * kDepth / (4 * kThreads);
  static_assert(kVectors * 4 * kThreads == kExtent * kDepth, "every thread moves as many");

  float4 vectors[kVectors];

  /// Zeros stand in for what is beyond the operand.
  __device__ void load(const Operand& from, std::int64_t first, std::int64_t first_k, std::int64_t k) {
    ELBO_UNROLL
    for (int i = 0; i < kVectors; ++i) {
      const int vector = static_cast<int>(threadIdx.x) + i * kThreads;
      if constexpr (kAlong == Along::k) {
        const std::int64_t row = first + vector / (kDepth / 4), col = first_k + vector % (kDepth / 4) * 4;
        vectors[i] =
            load4(from.data + row * from.stride + col, row < from.extent ? k - col : 0, from.aligned);
      } else {
        const std::int64_t row = first_k + vector / (kExtent / 4), col = first + vector % (kExtent / 4) * 4;
        vectors[i] =
            load4(from.data + row * from.stride + col, row < k ? from.extent - col : 0, from.aligned);
      }
    }
  }

  __device__ void store(SharedTile<kExtent, kDepth>& to) const {
    ELBO_UNROLL
    for (int i = 0; i < kVectors; ++i) {
      const int vector = static_cast<int>(threadIdx.x) + i * kThreads;
      if constexpr (kAlong == Along::k) {
        const int row = vector / (kDepth / 4), col = vector % (kDepth / 4) * 4;
        to[col][row] = vectors[i].x;
        to[col + 1][row] = vectors[i].y;
        to[col + 2][row] = vectors[i].z;
        to[col + 3][row] = vectors[i].w;
      } else {
        store4(&to[vector / (kExtent / 4)][vector % (kExtent / 4) * 4], vectors[i]);
      }
    }
  }
};

template <int kCount>
__device__ inline void read_shared(float (&to)[kCount], const float* from) {
  if constexpr (kCount % 4 == 0) {
    ELBO_UNROLL
    for (int i = 0; i < kCount; i += 4) {
      const float4 four = load4(from + i);
      to[i] = four.x;
      to[i + 1] = four.y;
      to[i + 2] = four.z;
      to[i + 3] = four.w;
    }
  } else {
    ELBO_UNROLL
    for (int i = 0; i < kCount; ++i) to[i] = from[i];
  }
}

/// finish(row, col, Σ_k a_row,k b_k,col) for every row < a.extent and col < b.extent. One block per tile of
/// c, those of a row of tiles after each other.
template <class T, Along kAlongA, Along kAlongB, class Finish>
__global__ void __launch_bounds__(T::kThreads)
    matmul_kernel(Operand a, Operand b, std::int64_t k, Finish finish) {
  auto& shared = shared_storage<MatmulStorage<T>>();
  const std::int64_t tiles_across = (b.extent + T::kCols - 1) / T::kCols;
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x) / tiles_across * T::kRows;
  const std::int64_t first_col = static_cast<std::int64_t>(blockIdx.x) % tiles_across * T::kCols;
  const int thread_row = static_cast<int>(threadIdx.x) / T::kThreadsAcross * T::kThreadRows;
  const int thread_col = static_cast<int>(threadIdx.x) % T::kThreadsAcross * T::kThreadCols;

  TileMover<T::kRows, T::kDepth, T::kThreads, kAlongA> mover_a;
  TileMover<T::kCols, T::kDepth, T::kThreads, kAlongB> mover_b;
  float sums[T::kThreadRows][T::kThreadCols] = {};
  mover_a.load(a, first_row, 0, k);
  mover_b.load(b, first_col, 0, k);
  mover_a.store(shared.a[0]);
  mover_b.store(shared.b[0]);
  sync_block();
  int current = 0;
  for (std::int64_t next_k = T::kDepth;; next_k += T::kDepth, current ^= 1) {
    const bool more = next_k < k;
    if (more) {
      mover_a.load(a, first_row, next_k, k);
      mover_b.load(b, first_col, next_k, k);
    }
    ELBO_UNROLL
    for (int depth = 0; depth < T::kDepth; ++depth) {
      float from_a[T::kThreadRows], from_b[T::kThreadCols];
      read_shared(from_a, &shared.a[current][depth][thread_row]);
      read_shared(from_b, &shared.b[current][depth][thread_col]);
      ELBO_UNROLL
      for (int i = 0; i < T::kThreadRows; ++i) {
        ELBO_UNROLL
        for (int j = 0; j < T::kThreadCols; ++j) sums[i][j] = fmaf(from_a[i], from_b[j], sums[i][j]);
      }
    }
    if (!more) break;
    mover_a.store(shared.a[current ^ 1]);
    mover_b.store(shared.b[current ^ 1]);
    sync_block();
  }
  ELBO_UNROLL
  for (int i = 0; i < T::kThreadRows; ++i) {
    ELBO_UNROLL
    for (int j = 0; j < T::kThreadCols; ++j) {
      const std::int64_t row = first_row + thread_row + i, col = first_col + thread_col + j;
      if (row < a.extent && col < b.extent) finish(row, col, sums[i][j]);
    }
  }
}

}  // namespace elbo::cuda
