// The emulated GPU's properties, its memory's functions, and errors.

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "checker.h"
#include "footprint.h"
#include "emulation/api.h"
#include "fault.h"
#include "heap.h"
#include "stream.h"

namespace elbo::emulation {
namespace {

constexpr int kMultiprocessors = 4;
constexpr int kClockKilohertz = 1'000'000;
constexpr int kSharedBytes = 48 * 1024;
constexpr int kSharedBytesOptIn = 232448;

thread_local cudaError_t last_error = cudaSuccess;
thread_local Outcome last_failure;

/// Host memory that the device can access: begin and bytes.
std::map<const char*, std::size_t> pinned;

bool is_pinned(const void* memory, std::size_t bytes) {
  const char* begin = static_cast<const char*>(memory);
  const auto next = pinned.upper_bound(begin);
  if (next == pinned.begin()) return false;
  const auto [first, size] = *std::prev(next);
  return begin + bytes <= first + size;
}

Outcome check_device_range(const char* call, const char* which, const void* memory, std::size_t bytes) {
  const Heap& heap = Heap::instance();
  if (heap.covers(memory, bytes)) return {};
  return failure(cudaErrorInvalidValue, call, ": the ", which, ", ", bytes, " bytes at ",
                 heap.describe(memory), ", is not within one live device allocation");
}

Outcome check_host(const char* call, const char* which, const void* memory) {
  const Heap& heap = Heap::instance();
  if (memory && !heap.contains(memory)) return {};
  return failure(cudaErrorInvalidValue, call, ": the ", which, " should be host memory and is ",
                 heap.describe(memory));
}

cudaMemcpyKind direction(const void* to, const void* from) {
  const bool to_device = Heap::instance().contains(to);
  const bool from_device = Heap::instance().contains(from);
  if (to_device) return from_device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice;
  return from_device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost;
}

/// Makes the copy when it is due. Checks both ends again, since a recorded copy runs later.
Outcome copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (kind != cudaMemcpyDeviceToHost) {
    if (Outcome outcome = check_device_range("a copy", "destination", to, bytes); !outcome) return outcome;
  }
  if (kind != cudaMemcpyHostToDevice) {
    if (Outcome outcome = check_device_range("a copy", "source", from, bytes); !outcome) return outcome;
  }
  std::memcpy(to, from, bytes);
  if (kind == cudaMemcpyHostToDevice) mark_written(to, bytes);
  if (kind == cudaMemcpyDeviceToDevice) copy_marks(to, from, bytes);
  note_access(from, bytes, false);
  note_access(to, bytes, true);
  return {};
}

Outcome check_copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, const char* call) {
  if (kind < cudaMemcpyHostToDevice || kind > cudaMemcpyDeviceToDevice) {
    return failure(cudaErrorInvalidMemcpyDirection, call,
                   ": a copy is from host to device, back, or on the device");
  }
  const Outcome target = kind == cudaMemcpyDeviceToHost ? check_host(call, "destination", to)
                                                        : check_device_range(call, "destination", to, bytes);
  if (!target) return target;
  const Outcome source = kind == cudaMemcpyHostToDevice ? check_host(call, "source", from)
                                                        : check_device_range(call, "source", from, bytes);
  if (!source) return source;
  const auto* a = static_cast<const char*>(to);
  const auto* b = static_cast<const char*>(from);
  if (a < b + bytes && b < a + bytes)
    return failure(cudaErrorInvalidValue, call, ": source and destination overlap");
  return {};
}

Outcome enqueue_copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, Stream* stream) {
  if (bytes == 0) return {};
  if (kind == cudaMemcpyDefault) kind = direction(to, from);
  if (Outcome outcome = check_copy(to, from, bytes, kind, "cudaMemcpyAsync"); !outcome) return outcome;
  const bool pageable = (kind == cudaMemcpyHostToDevice && !is_pinned(from, bytes)) ||
                        (kind == cudaMemcpyDeviceToHost && !is_pinned(to, bytes));
  if (!pageable) return submit(stream, "a copy", [=] { return copy(to, from, bytes, kind); });
  if (Outcome outcome = refuse_while_capturing(stream, "a copy of pageable host memory"); !outcome)
    return outcome;
  if (kind == cudaMemcpyHostToDevice) {  // staged: the host memory may be reused on return
    const auto* begin = static_cast<const char*>(from);
    return submit(stream, "a copy", [=, staged = std::vector<char>(begin, begin + bytes)] {
      return copy(to, staged.data(), bytes, kind);
    });
  }
  if (Outcome outcome = submit(stream, "a copy", [=] { return copy(to, from, bytes, kind); }); !outcome)
    return outcome;
  return stream ? drain(*stream) : Outcome{};
}

Outcome enqueue_fill(void* memory, int value, std::size_t bytes, Stream* stream) {
  if (bytes == 0) return {};
  if (Outcome outcome = check_device_range("cudaMemsetAsync", "destination", memory, bytes); !outcome)
    return outcome;
  return submit(stream, "a fill", [=]() -> Outcome {
    if (Outcome outcome = check_device_range("a fill", "destination", memory, bytes); !outcome)
      return outcome;
    std::memset(memory, value, bytes);
    mark_written(memory, bytes);
    note_access(memory, bytes, true);
    return {};
  });
}

}  // namespace

cudaError_t finish(const Outcome& outcome) {
  if (!outcome) {
    last_error = outcome.error;
    last_failure = outcome;
  }
  return outcome.error;
}

const std::string& last_report(cudaError_t error) {
  static const std::string none;
  return error != cudaSuccess && last_failure.error == error ? last_failure.report : none;
}

}  // namespace elbo::emulation

using namespace elbo::emulation;

cudaError_t cudaGetLastError() {
  return std::exchange(last_error, cudaSuccess);
}
cudaError_t cudaPeekAtLastError() {
  return last_error;
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define ELBO_NAME(name) \
  case name:            \
    return #name
    ELBO_NAME(cudaSuccess);
    ELBO_NAME(cudaErrorInvalidValue);
    ELBO_NAME(cudaErrorMemoryAllocation);
    ELBO_NAME(cudaErrorInvalidConfiguration);
    ELBO_NAME(cudaErrorInvalidMemcpyDirection);
    ELBO_NAME(cudaErrorInvalidDevice);
    ELBO_NAME(cudaErrorInvalidResourceHandle);
    ELBO_NAME(cudaErrorNotReady);
    ELBO_NAME(cudaErrorIllegalState);
    ELBO_NAME(cudaErrorIllegalAddress);
    ELBO_NAME(cudaErrorLaunchFailure);
    ELBO_NAME(cudaErrorStreamCaptureUnsupported);
    ELBO_NAME(cudaErrorStreamCaptureInvalidated);
    ELBO_NAME(cudaErrorStreamCaptureUnmatched);
    ELBO_NAME(cudaErrorStreamCaptureUnjoined);
    ELBO_NAME(cudaErrorCapturedEvent);
#undef ELBO_NAME
  }
  return "cudaErrorUnknown";
}

const char* cudaGetErrorString(cudaError_t error) {
  const std::string& report = last_report(error);
  return report.empty() ? cudaGetErrorName(error) : report.c_str();
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  return device == 0 ? cudaSuccess
                     : finish(failure(cudaErrorInvalidDevice, "there is one emulated GPU, 0, not ", device));
}

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (cudaSetDevice(device) != cudaSuccess) return cudaErrorInvalidDevice;
  *properties = {"GPU emulated on the CPU",
                 Heap::kCapacity,
                 9,
                 0,
                 kMultiprocessors,
                 kSharedBytes,
                 kSharedBytesOptIn,
                 32};
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (cudaSetDevice(device) != cudaSuccess) return cudaErrorInvalidDevice;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = 1024;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = kSharedBytes;
      break;
    case cudaDevAttrWarpSize:
      *value = 32;
      break;
    case cudaDevAttrClockRate:
      *value = kClockKilohertz;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = kMultiprocessors;
      break;
    case cudaDevAttrL2CacheSize:
      *value = 1 << 20;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = 9;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = 0;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = kSharedBytesOptIn;
      break;
  }
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = 0;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 0;
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const std::lock_guard guard(lock());
  *free = Heap::instance().available();
  *total = Heap::kCapacity;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  const std::lock_guard guard(lock());
  *memory = nullptr;
  watch_faults();
  if (Outcome outcome = refuse_while_capturing("cudaMalloc"); !outcome) return finish(outcome);
  if (bytes == 0) return cudaSuccess;
  *memory = Heap::instance().allocate(bytes);
  return *memory
             ? cudaSuccess
             : finish(failure(cudaErrorMemoryAllocation, "out of memory: ", bytes, " bytes were asked for"));
}

cudaError_t cudaFree(void* memory) {
  const std::lock_guard guard(lock());
  if (!memory) return cudaSuccess;
  if (Outcome outcome = refuse_while_capturing("cudaFree"); !outcome) return finish(outcome);
  const Outcome work = drain_all();
  const Outcome freed = Heap::instance().free(memory);
  return finish(work ? freed : work);
}

cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  const std::lock_guard guard(lock());
  if (Outcome outcome = refuse_while_capturing("cudaMallocHost"); !outcome) return finish(outcome);
  *memory = std::malloc(std::max<std::size_t>(bytes, 1));
  if (!*memory)
    return finish(
        failure(cudaErrorMemoryAllocation, "out of pinned memory: ", bytes, " bytes were asked for"));
  pinned[static_cast<const char*>(*memory)] = bytes;
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* memory) {
  const std::lock_guard guard(lock());
  if (!memory) return cudaSuccess;
  if (Outcome outcome = refuse_while_capturing("cudaFreeHost"); !outcome) return finish(outcome);
  const Outcome work = drain_all();
  if (pinned.erase(static_cast<const char*>(memory)) == 0) {
    return finish(failure(cudaErrorInvalidValue, "cudaFreeHost of memory that cudaMallocHost did not give"));
  }
  std::free(memory);
  return finish(work);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const std::lock_guard guard(lock());
  return finish(enqueue_copy(to, from, bytes, kind, stream));
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}

cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  const std::lock_guard guard(lock());
  return finish(enqueue_fill(memory, value, bytes, stream));
}

cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) {
  return cudaMemsetAsync(memory, value, bytes, nullptr);
}
