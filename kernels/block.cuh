#pragma once
// Collectives of a block. All its threads call them together, Threads of them, a multiple of 32.

#include "warp.cuh"

namespace elbo::cuda {

/// All threads of the block wait for each other; afterwards all see the earlier writes of each.
__device__ inline void sync_block(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  block_barrier(file, line);
}

/// Shared memory that a block's collectives need: a member of the kernel's shared struct.
template <class T, int Threads>
struct BlockScratch {
  static_assert(Threads % kWarpSize == 0 && Threads <= 1024, "full warps");
  T partial[Threads / kWarpSize];
};

/// Combines one value per thread; every thread gets the result, the same bits in each. Combines within warps
/// first, by halves, then the warps' results in order. May be called again at once with the same scratch.
template <class T, int Threads, class Warp, class Combine>
__device__ T block_combine(T value, BlockScratch<T, Threads>& scratch, Warp warp, Combine combine,
                           const char* file, int line) {
  value = warp(value);
  if constexpr (Threads > kWarpSize) {
    if (lane_in_warp() == 0) scratch.partial[warp_in_block()] = value;
    block_barrier(file, line);
    value = scratch.partial[0];
    for (int i = 1; i < Threads / kWarpSize; ++i) value = combine(value, scratch.partial[i]);
    block_barrier(file, line);
  }
  return value;
}

/// Σ over the block's threads, in a fixed order.
template <class T, int Threads>
__device__ T block_sum(T value, BlockScratch<T, Threads>& scratch, const char* file = __builtin_FILE(),
                       int line = __builtin_LINE()) {
  return block_combine(
      value, scratch, [](T v) { return warp_sum(v); }, [](T a, T b) { return a + b; }, file, line);
}

template <class T, int Threads>
__device__ T block_max(T value, BlockScratch<T, Threads>& scratch, const char* file = __builtin_FILE(),
                       int line = __builtin_LINE()) {
  return block_combine(
      value, scratch, [](T v) { return warp_max(v); }, [](T a, T b) { return b > a ? b : a; }, file, line);
}

}  // namespace elbo::cuda
