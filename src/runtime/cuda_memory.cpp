// Device memory, copies, and pinned copies back to the host.
#include <cstring>
#include <memory>

#include "base/check.h"
#include "runtime/cuda_api.h"
#include "runtime/cuda_state.h"

namespace elbo::cuda {

void* allocate(CudaState& state, std::size_t bytes) {
  ELBO_CUDA_CHECK(cudaSetDevice(state.device));
  void* memory = nullptr;
  const cudaError_t error = cudaMalloc(&memory, bytes);
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    std::size_t free = 0;
    std::size_t total = 0;
    ELBO_CUDA_CHECK(cudaMemGetInfo(&free, &total));
    throw DeviceError(concat("out of memory: ", bytes, " bytes were asked for on cuda:", state.device,
                             ", which has ", free, " free of ", total, ". Use a smaller batch or model."));
  }
  ELBO_CUDA_CHECK(error);
  return memory;
}

void release(CudaState& state, void* memory) noexcept {
  cudaSetDevice(state.device);
  cudaFree(memory);
  cudaGetLastError();  // synchronize() reports earlier failures
}

namespace {

void refuse_while_capturing(const CudaState& state, const char* what) {
  if (state.capturing) {
    throw DeviceError(concat(what, " cannot be recorded in a graph: do it before or after Graph::record."));
  }
}

/// Uploads through a pinned slot, which is reused only when its last copy is done, so that the host does not
/// wait for the stream.
void upload_staged(CudaState& state, void* device, const void* host, std::size_t bytes) {
  auto& staging = state.staging[state.next_staging];
  state.next_staging = (state.next_staging + 1) % state.staging.size();
  ELBO_CUDA_CHECK(cudaEventSynchronize(staging.copied));
  std::memcpy(staging.host, host, bytes);
  ELBO_CUDA_CHECK(cudaMemcpyAsync(device, staging.host, bytes, cudaMemcpyHostToDevice, state.stream));
  ELBO_CUDA_CHECK(cudaEventRecord(staging.copied, state.stream));
}

}  // namespace

void copy_to_device(CudaState& state, void* device, const void* host, std::size_t bytes) {
  refuse_while_capturing(state, "a copy from the host");
  ELBO_CUDA_CHECK(cudaSetDevice(state.device));
  if (bytes <= CudaState::Staging::kBytes) return upload_staged(state, device, host, bytes);
  ELBO_CUDA_CHECK(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, state.stream));
  ELBO_CUDA_CHECK(cudaStreamSynchronize(state.stream));  // the host memory may be reused on return
}

void copy_to_host(CudaState& state, void* host, const void* device, std::size_t bytes) {
  refuse_while_capturing(state, "a copy to the host");
  ELBO_CUDA_CHECK(cudaSetDevice(state.device));
  ELBO_CUDA_CHECK(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, state.stream));
}

void copy_on_device(CudaState& state, void* to, const void* from, std::size_t bytes) {
  ELBO_CUDA_CHECK(cudaSetDevice(state.device));
  ELBO_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, state.stream));
}

void fill_zero(CudaState& state, void* device, std::size_t bytes) {
  ELBO_CUDA_CHECK(cudaSetDevice(state.device));
  ELBO_CUDA_CHECK(cudaMemsetAsync(device, 0, bytes, state.stream));
}

struct PinnedCopy {
  CudaState* state = nullptr;
  void* host = nullptr;
  std::size_t bytes = 0;
  cudaEvent_t done = nullptr;

  ~PinnedCopy() {
    if (done) {
      cudaEventSynchronize(done);  // the copy must not write to memory that was freed
      cudaEventDestroy(done);
    }
    if (host) cudaFreeHost(host);
    cudaGetLastError();
  }
};

PinnedCopy* create_pinned_copy(CudaState& state, std::size_t bytes) {
  ELBO_CUDA_CHECK(cudaSetDevice(state.device));
  auto copy = std::make_unique<PinnedCopy>();
  copy->state = &state;
  copy->bytes = bytes;
  ELBO_CUDA_CHECK(cudaMallocHost(&copy->host, bytes));
  std::memset(copy->host, 0, bytes);
  ELBO_CUDA_CHECK(cudaEventCreateWithFlags(&copy->done, cudaEventDisableTiming));
  return copy.release();
}

void destroy_pinned_copy(PinnedCopy* copy) {
  delete copy;
}

void start(PinnedCopy& copy, const void* device) {
  refuse_while_capturing(*copy.state, "a readback");
  ELBO_CUDA_CHECK(cudaSetDevice(copy.state->device));
  ELBO_CUDA_CHECK(cudaMemcpyAsync(copy.host, device, copy.bytes, cudaMemcpyDeviceToHost, copy.state->stream));
  ELBO_CUDA_CHECK(cudaEventRecord(copy.done, copy.state->stream));
}

bool ready(const PinnedCopy& copy) {
  const cudaError_t error = cudaEventQuery(copy.done);
  if (error == cudaErrorNotReady) cudaGetLastError();
  return error != cudaErrorNotReady;  // a failure is "ready"; wait() throws it
}

const void* wait(PinnedCopy& copy) {
  ELBO_CUDA_CHECK(cudaEventSynchronize(copy.done));
  return copy.host;
}

}  // namespace elbo::cuda
