#pragma once
// The execution context: one device, one ordered stream of work on it.

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "elbo/device.h"
#include "elbo/precision.h"

namespace elbo {

struct CudaState;  // src/runtime/cuda_state.h, in builds that have CUDA

/// What is told of the work given to a context. Ops know what it is (ops/op_trace.h), a context carries it.
class Trace {
 protected:
  ~Trace() = default;
};

/// How the kernels of a device were settled to run. Ops know what it is (ops/product_plan.h), a context
/// carries it.
class KernelChoices {
 protected:
  ~KernelChoices() = default;
};

/// A device and the stream that work for it goes to. Every op takes one; nothing assumes a default stream.
/// Not thread-safe: one thread at a time uses a context. Buffers point to it, so it stays where it is.
class Context {
 public:
  /// Throws DeviceError if the device is not present or this build cannot use it. `threads` bounds the
  /// CPU's team; 0 means the OpenMP default.
  explicit Context(Device device, int threads = 0);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Device& device() const noexcept { return device_; }
  bool is_cuda() const noexcept { return device_.is_cuda(); }
  /// Size of the CPU thread team.
  int threads() const noexcept { return threads_; }
  /// Memory for the intermediate results of an op on the CPU: kScratchBytes for each thread of the team,
  /// 256-byte aligned, contents undefined. Made with the context, so that no op allocates.
  static constexpr std::size_t kScratchBytes = std::size_t{1} << 20;
  void* scratch(int thread) noexcept {
    return static_cast<std::byte*>(scratch_.get()) + thread * kScratchBytes;
  }
  /// Memory for copies of what an op on the CPU reads, `bytes` of it, 256-byte aligned, contents undefined;
  /// an op may use both places, 0 and 1, at once. A place grows to the most that is asked of it, and then
  /// what it held is gone: a plan asks for the most beforehand. Only on the CPU. Throws DeviceError (out of
  /// memory).
  void* operand_memory(int place, std::size_t bytes);
  /// What linear layers round the operands of their products to. Set by who owns the context; fp32 at first.
  Precision precision() const noexcept { return precision_; }
  void set_precision(Precision precision) noexcept { precision_ = precision; }
  /// Both are null at first. Whoever sets them owns them.
  Trace* trace() const noexcept { return trace_; }
  void set_trace(Trace* trace) noexcept { trace_ = trace; }
  KernelChoices* kernel_choices() const noexcept { return kernel_choices_; }
  void set_kernel_choices(KernelChoices* choices) noexcept { kernel_choices_ = choices; }
  /// A GPU with its driver and libraries, by names and versions: where it is the same, so are times and bits.
  /// Empty on the CPU.
  std::string fingerprint() const;
  /// Seconds that work takes on a GPU, which runs it several times. Not while a graph is recorded; not on the
  /// CPU.
  double seconds_on_device(const std::function<void()>& work);
  /// Waits until all work given to this context is done; rethrows what failed in it as DeviceError.
  void synchronize();

  /// Stream and library handles. Only in builds with CUDA and on a CUDA device.
  CudaState& cuda() noexcept { return *cuda_; }

  /// Device memory owned by the context's user, 256-byte aligned; contents are undefined. Throws DeviceError
  /// (out of memory). `bytes` may be 0, which gives null.
  void* allocate(std::size_t bytes);
  void release(void* memory) noexcept;

  /// Ordered copies. Host memory may be reused as soon as the call returns, except in `copy_to_host`, whose
  /// destination holds the values only after `synchronize()`.
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
  int threads_ = 1;
  Precision precision_ = Precision::fp32;
  Trace* trace_ = nullptr;
  KernelChoices* kernel_choices_ = nullptr;
  std::unique_ptr<CudaState, void (*)(CudaState*)> cuda_{nullptr, nullptr};
  HostMemory scratch_{nullptr, nullptr};
  std::array<Place, 2> operands_;
};

/// A context with another precision for as long as this lives.
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
