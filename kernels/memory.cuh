#pragma once
// Loads and stores of four floats at once, and the one wrapper for atomics.

#include "arch/wide_store.cuh"
#include "platform.cuh"

namespace elbo::cuda {

/// Whether four floats at `address` can be moved at once.
__host__ __device__ inline bool aligned16(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % 16 == 0;
}
/// Whether four floats can be moved at once at the start of every row of a matrix.
__host__ __device__ inline bool rows_aligned16(const float* data, std::int64_t stride) {
  return aligned16(data) && stride % 4 == 0;
}

/// Four floats at a 16-byte aligned address.
__device__ inline float4 load4(const float* from) {
  return *reinterpret_cast<const float4*>(from);
}
/// To global memory; an ordinary assignment will do for shared memory.
__device__ inline void store4(float* to, float4 value) {
  arch::store_quad(to, value);
}

/// Four floats of which the first `count` exist (the rest are `fill`); at any alignment unless `aligned`.
__device__ inline float4 load4(const float* from, std::int64_t count, bool aligned, float fill = 0.0f) {
  if (aligned && count >= 4) return load4(from);
  return {count > 0 ? from[0] : fill, count > 1 ? from[1] : fill, count > 2 ? from[2] : fill,
          count > 3 ? from[3] : fill};
}
__device__ inline void store4(float* to, float4 value, std::int64_t count, bool aligned) {
  if (aligned && count >= 4) return store4(to, value);
  if (count > 0) to[0] = value.x;
  if (count > 1) to[1] = value.y;
  if (count > 2) to[2] = value.z;
  if (count > 3) to[3] = value.w;
}

/// Atomically *address += value; returns the previous value. Integers only: float atomics would make the sum
/// depend on the order of the threads.
template <class T>
__device__ T atomic_add(T* address, T value) {
  static_assert(std::is_integral_v<T>, "float atomics have no fixed order");
  return atomicAdd(address, value);
}

}  // namespace elbo::cuda
