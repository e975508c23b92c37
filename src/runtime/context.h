#pragma once
// The execution context: one device, one ordered stream of work on it.

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/team.h"
#include "elbo/device.h"
#include "elbo/precision.h"

namespace elbo {

struct CudaState;  // src/runtime/cuda_state.h, in builds that have CUDA

/// Receives reports of a context's work. The context only holds it; ops define it (ops/op_trace.h).
class Trace {
 protected:
  ~Trace() = default;
};

/// The settled choices of kernels on a device. The context only holds them; ops define them
/// (ops/gemm_plan.h).
class KernelChoices {
 protected:
  ~KernelChoices() = default;
};

/// A device and its stream of work. Every op takes a context; nothing assumes a default stream. Not
/// thread-safe: only one thread at a time may use a context. Buffers point to it, so it cannot move.
class Context {
 public:
  /// Throws DeviceError if the device is not present or this build cannot use it. The team has
  /// `threads` threads; 0 means cpu_threads().
  explicit Context(Device device, int threads = 0);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Device& device() const noexcept { return device_; }
  bool is_cuda() const noexcept { return device_.is_cuda(); }
  /// The host's threads that compute together; on the CPU they start with the context.
  Team& team() noexcept { return team_; }
  int threads() const noexcept { return team_.size(); }
  /// Memory for the intermediate results of an op on the CPU: kScratchBytes for each thread of the team,
  /// 256-byte aligned, contents undefined. Allocated with the context, so that no op allocates.
  static constexpr std::size_t kScratchBytes = std::size_t{1} << 20;
  void* scratch(int thread) noexcept {
    return static_cast<std::byte*>(scratch_.get()) + thread * kScratchBytes;
  }
  /// `bytes` of memory for copies of a CPU op's operands, 256-byte aligned, contents undefined. An op may use
  /// both places, 0 and 1, at once. A place grows to the largest request and then loses its contents, so a
  /// plan requests the maximum beforehand. Only on the CPU. Throws DeviceError (out of memory).
  void* operand_memory(int place, std::size_t bytes);
  /// The precision to which operands of products are rounded. Set by the context's owner; fp32 at first.
  Precision precision() const noexcept { return precision_; }
  void set_precision(Precision precision) noexcept { precision_ = precision; }
  /// Both are null at first. The caller that sets them owns them.
  Trace* trace() const noexcept { return trace_; }
  void set_trace(Trace* trace) noexcept { trace_ = trace; }
  KernelChoices* kernel_choices() const noexcept { return kernel_choices_; }
  void set_kernel_choices(KernelChoices* choices) noexcept { kernel_choices_ = choices; }
  /// Names and versions of a GPU, its driver and libraries. Equal fingerprints mean equal times and bits.
  /// Empty on the CPU.
  std::string fingerprint() const;
  /// The seconds that work takes on a GPU, which runs it several times. Not while a graph is recorded; not on
  /// the CPU.
  double seconds_on_device(const std::function<void()>& work);
  /// Waits until all work of this context is done; throws DeviceError if any failed.
  void synchronize();

  /// Stream and library handles. Only in builds with CUDA and on a CUDA device.
  CudaState& cuda() noexcept { return *cuda_; }

  /// Device memory owned by the context's user, 256-byte aligned; contents are undefined. Throws DeviceError
  /// (out of memory). `bytes` may be 0, which gives null.
  void* allocate(std::size_t bytes);
  void release(void* memory) noexcept;

  /// Ordered copies. Host memory may be reused as soon as the call returns. The exception is `copy_to_host`,
  /// whose destination has the values only after `synchronize()`.
  void copy_to_device(void* device, const void* host, std::size_t bytes);
  void copy_to_host(void* host, const void* device, std::size_t bytes);
  void copy_on_device(void* to, const void* from, std::size_t bytes);
  void fill_zero(void* device, std::size_t bytes);

 private:
  using HostMemory = std::unique_ptr<void, void (*)(void*)>;
  struct Place {
    HostMemory memory{nullptr, nullptr};
    std::size_t bytes = 0;
  };

  Device device_;
  Team team_;
  Precision precision_ = Precision::fp32;
  Trace* trace_ = nullptr;
  KernelChoices* kernel_choices_ = nullptr;
  std::unique_ptr<CudaState, void (*)(CudaState*)> cuda_{nullptr, nullptr};
  HostMemory scratch_{nullptr, nullptr};
  std::array<Place, 2> operands_;
};

/// Gives a context another precision during its lifetime.
class PrecisionScope {
 public:
  PrecisionScope(Context& context, Precision precision) : context_(context), before_(context.precision()) {
    context.set_precision(precision);
  }
  ~PrecisionScope() { context_.set_precision(before_); }
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  Context& context_;
  Precision before_;
};

}  // namespace elbo
