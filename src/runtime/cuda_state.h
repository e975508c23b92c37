#pragma once
// One GPU's stream and library handles, and the checks around calls to CUDA. For src/runtime/cuda_*.cpp and
// kernels.

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <vector>

namespace elbo {

struct LtState;  // cuda_lt.cpp

/// A part of device memory.
struct MemoryRange {
  const void* data;
  std::size_t bytes;
};
/// A node of the present recording, and all memory that it writes.
struct NodeWrites {
  cudaGraphNode_t node;
  std::vector<MemoryRange> written;
};

/// The state for work on one GPU. All work goes to `stream`.
struct CudaState {
  int device = 0;
  cudaStream_t stream = nullptr;
  /// Bound to `stream`, with its own workspace, which captured graphs and reproducible bits require. The
  /// workspace belongs to the line that is being given work, as parallel lines have separate ones. Take the
  /// handle from cuda::blas().
  cublasHandle_t blas = nullptr;
  void* blas_workspace = nullptr;
  void* bound_workspace = nullptr;  ///< the handle's present workspace
  std::size_t blas_workspace_bytes = 0;
  LtState* lt = nullptr;  ///< cuBLASLt's state, on the same workspace
  int sm_count = 0;
  int compute_capability = 0;        ///< 90 for 9.0
  std::size_t max_shared_bytes = 0;  ///< shared memory that a block can request
  bool capturing = false;            ///< while Graph::record runs
  bool overlap = false;              ///< meanwhile: whether grids may begin while the previous one ends
  bool in_branch = false;            ///< while a Branch is given work
  std::uint64_t recordings = 0;      ///< graphs recorded so far, including the present one
  std::vector<NodeWrites> writes;    ///< of the present recording's nodes; not all are here

  /// Pinned staging memory for small uploads, so that they need not wait for the stream.
  struct Staging {
    static constexpr std::size_t kBytes = 64 * 1024;
    void* host = nullptr;
    cudaEvent_t copied = nullptr;
  };
  std::array<Staging, 4> staging;
  std::size_t next_staging = 0;
};

namespace cuda {

/// Throws DeviceError with CUDA's name and message for `error`, the expression and its place.
[[noreturn]] void throw_error(cudaError_t error, const char* expression, const std::source_location& where);
[[noreturn]] void throw_error(cublasStatus_t status, const char* expression,
                              const std::source_location& where);

/// cuBLASLt's part of the state; see cuda_lt.h.
void open_lt(CudaState& state);
void close_lt(CudaState& state) noexcept;

/// The cuBLAS handle on the current line's workspace. Makes its device the thread's current one, as cuBLAS
/// requires.
cublasHandle_t blas(CudaState& state);

inline void check(cudaError_t error, const char* expression, const std::source_location& where) {
  if (error != cudaSuccess) [[unlikely]] {
    throw_error(error, expression, where);
  }
}
inline void check(cublasStatus_t status, const char* expression, const std::source_location& where) {
  if (status != CUBLAS_STATUS_SUCCESS) [[unlikely]] {
    throw_error(status, expression, where);
  }
}

}  // namespace cuda
}  // namespace elbo

/// Throws DeviceError unless a call to CUDA or cuBLAS succeeds.
#define ELBO_CUDA_CHECK(call) ::elbo::cuda::check((call), #call, std::source_location::current())
