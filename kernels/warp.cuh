#pragma once
// Collectives of a warp. All 32 lanes call them together; every lane gets the result, the same bits in each.

#include "platform.cuh"

namespace elbo::cuda {

inline constexpr int kWarpSize = 32;
inline constexpr unsigned kFullWarp = 0xffffffffu;

/// This thread's number in its block, and its place in its warp. Threads are counted x first.
__device__ inline int thread_in_block() {
  return static_cast<int>(threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z));
}
__device__ inline int lane_in_warp() {
  return thread_in_block() % kWarpSize;
}
__device__ inline int warp_in_block() {
  return thread_in_block() / kWarpSize;
}

__device__ inline void sync_warp() {
  __syncwarp(kFullWarp);
}

/// Σ over the lanes, by halves: 16 apart, then 8, 4, 2, 1. T is float, double, or an integer of 4 or 8 bytes.
template <class T>
__device__ T warp_sum(T value) {
  for (int apart = kWarpSize / 2; apart > 0; apart /= 2) value += __shfl_xor_sync(kFullWarp, value, apart);
  return value;
}

template <class T>
__device__ T warp_max(T value) {
  for (int apart = kWarpSize / 2; apart > 0; apart /= 2) {
    const T other = __shfl_xor_sync(kFullWarp, value, apart);
    value = other > value ? other : value;
  }
  return value;
}

template <class T>
__device__ T warp_min(T value) {
  for (int apart = kWarpSize / 2; apart > 0; apart /= 2) {
    const T other = __shfl_xor_sync(kFullWarp, value, apart);
    value = other < value ? other : value;
  }
  return value;
}

/// `value` of lane `lane`.
template <class T>
__device__ T warp_broadcast(T value, int lane) {
  return __shfl_sync(kFullWarp, value, lane);
}

/// `value` of the lane whose number differs in the bits of `mask`.
template <class T>
__device__ T warp_exchange(T value, int mask) {
  return __shfl_xor_sync(kFullWarp, value, mask);
}

/// Whether `condition` holds in any lane, and in all.
__device__ inline bool warp_any(bool condition) {
  return __any_sync(kFullWarp, condition) != 0;
}
__device__ inline bool warp_all(bool condition) {
  return __all_sync(kFullWarp, condition) != 0;
}

}  // namespace elbo::cuda
