#pragma once
// Launches kernels and provides their shared memory. This is the only file that distinguishes nvcc from a
// plain C++ compiler, which compiles kernels for the emulation (tests/emulation).

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <type_traits>

#include "runtime/cuda_state.h"

#if !defined(__CUDACC__)
#include <emulation/device.h>
#endif

/// Use before a loop with constant bounds whose body indexes an array that must stay in registers.
#if defined(__CUDACC__)
#define ELBO_UNROLL _Pragma("unroll")
/// Use before a loop that is slower when unrolled.
#define ELBO_KEEP_LOOP _Pragma("unroll 1")
#else
#define ELBO_UNROLL
#define ELBO_KEEP_LOOP
#endif

namespace elbo::cuda {

/// The blocks of a grid, the threads of a block, and each block's dynamic shared memory: sizeof(S) for a
/// kernel that calls shared_storage<S>(). Remembers the launch's source location for error messages.
/// `overlap` lets the grid begin while the previous grid ends, if the GPU can; only for kernels that call
/// arch::wait_for_previous_grid().
struct LaunchShape {
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes;
  bool overlap = false;
  std::source_location where;

  LaunchShape(dim3 grid, dim3 block, std::size_t shared_bytes = 0,
              std::source_location where = std::source_location::current())
      : grid(grid), block(block), shared_bytes(shared_bytes), where(where) {}
};

/// ⌈items / per_block⌉ as a grid dimension. The maximum of grid.x is 2³¹ − 1; above that the result is a
/// value that no launch accepts. grid.y and grid.z go to 65535.
inline unsigned blocks_for(std::int64_t items, std::int64_t per_block) {
  const std::int64_t blocks = (items + per_block - 1) / per_block;
  return blocks > 0x7fffffff ? 0xffffffffu : static_cast<unsigned>(blocks);
}

/// Dynamic shared memory that a kernel can request without raising its limit.
inline constexpr std::size_t kDefaultSharedBytes = 48 * 1024;

/// Launches `kernel` on the state's stream. Arguments are copied, so they must be trivially copyable;
/// pointers are to device memory. An empty grid (no items) is not an error and launches nothing. Throws
/// DeviceError.
template <class... Parameters, class... Arguments>
void launch(CudaState& state, const LaunchShape& shape, void (*kernel)(Parameters...),
            const Arguments&... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments),
                "as many arguments as the kernel has parameters");
  static_assert((std::is_trivially_copyable_v<Parameters> && ...),
                "kernel parameters are copied byte by byte");
  static_assert((!std::is_reference_v<Parameters> && ...), "a reference would be to host memory");
  if (shape.grid.x == 0 || shape.grid.y == 0 || shape.grid.z == 0) return;
  check(cudaSetDevice(state.device), "cudaSetDevice", shape.where);
#if defined(__CUDACC__)
  const void* const function = reinterpret_cast<const void*>(kernel);
  if (shape.shared_bytes > kDefaultSharedBytes) {
    check(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shape.shared_bytes)),
          "shared memory of the block", shape.where);
  }
  // Kernels with and without shared memory take turns: with one division of a multiprocessor's memory for
  // all, it need not be divided anew between them.
  check(cudaFuncSetAttribute(function, cudaFuncAttributePreferredSharedMemoryCarveout,
                             cudaSharedmemCarveoutMaxShared),
        "shared memory of the multiprocessor", shape.where);
  const auto start = [&](Parameters... parameters) {
    void* pointers[sizeof...(Parameters) + 1] = {const_cast<void*>(static_cast<const void*>(&parameters))...};
    if (!shape.overlap || state.compute_capability < 90) {
      return cudaLaunchKernel(function, shape.grid, shape.block, pointers, shape.shared_bytes, state.stream);
    }
    cudaLaunchAttribute overlap{};
    overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap.val.programmaticStreamSerializationAllowed = 1;
    const cudaLaunchConfig_t config{shape.grid, shape.block, shape.shared_bytes, state.stream, &overlap, 1};
    return cudaLaunchKernelExC(&config, function, pointers);
  };
  check(start(arguments...), "kernel launch", shape.where);
#else
  check(
      ::elbo::emulation::launch(kernel, shape.grid, shape.block, shape.shared_bytes, state.stream,
                                shape.where.file_name(), static_cast<int>(shape.where.line()), arguments...),
      "kernel launch", shape.where);
#endif
}

/// The block's dynamic shared memory as one struct. Its contents are undefined until written; a kernel calls
/// this with one type only, and is launched with shared_bytes = sizeof(S).
template <class S>
__device__ S& shared_storage() {
  static_assert(std::is_trivially_destructible_v<S> && alignof(S) <= 128);
#if defined(__CUDACC__)
  extern __shared__ __align__(128) unsigned char elbo_shared_bytes[];
  return *reinterpret_cast<S*>(elbo_shared_bytes);
#else
  return *static_cast<S*>(::elbo::emulation::shared_memory(sizeof(S)));
#endif
}

/// All threads of the block wait for each other. `file` and `line` are for the emulation's reports.
__device__ inline void block_barrier([[maybe_unused]] const char* file, [[maybe_unused]] int line) {
#if defined(__CUDACC__)
  __syncthreads();
#else
  ::elbo::emulation::block_barrier(file, line);
#endif
}

}  // namespace elbo::cuda
