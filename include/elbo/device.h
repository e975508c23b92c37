#pragma once
// Which device runs a model.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/export.h"

namespace elbo {

/// A processor that elbo can run on.
struct ELBO_API Device {
  enum class Kind { cpu, cuda };

  Kind kind = Kind::cpu;
  int index = 0;  ///< which GPU; 0 on the CPU

  static Device cpu() { return {}; }
  static Device cuda(int index = 0) { return {Kind::cuda, index}; }

  /// The first GPU if this build has CUDA and the machine has a GPU, else the CPU.
  static Device automatic();

  /// Reads "auto", "cpu", "cuda" or "cuda:i". Throws ConfigError on anything else. Whether the device exists
  /// is checked later, when a model is built on it.
  static Device parse(std::string_view text);

  bool is_cuda() const noexcept { return kind == Kind::cuda; }
  /// "cpu" or "cuda:i".
  std::string name() const;

  friend bool operator==(const Device&, const Device&) = default;
};

/// A device that is present, with its description.
struct DeviceInfo {
  Device device;
  std::string description;  ///< the processor's or the GPU's name
  std::optional<std::uint64_t> memory_bytes;
};

/// The devices present: the CPU first, then every GPU this build can use.
ELBO_API std::vector<DeviceInfo> devices();

/// How a build can use CUDA.
enum class CudaSupport {
  none,
  cuda,
  emulated,  ///< the kernels run on the CPU, for tests
};

ELBO_API CudaSupport cuda_support() noexcept;
/// "none", "cuda" or "emulated".
ELBO_API std::string_view cuda_support_name(CudaSupport support) noexcept;

/// The number of threads that elbo computes with on the CPU: that of set_cpu_threads(), else OMP_NUM_THREADS,
/// else OpenMP's, mostly one a core that this process may run on, but no more than keep busy the CPU quota of
/// its container (Linux control groups), which is read once.
ELBO_API int cpu_threads() noexcept;

/// What decided about cpu_threads().
enum class ThreadsBy { cores, quota, environment, program };
ELBO_API ThreadsBy cpu_threads_by() noexcept;

inline constexpr int kMaxCpuThreads = 1024;
/// Sets the number of threads, 1 to kMaxCpuThreads, for the whole process: for models made from now on, and
/// for what computes without a model, such as reading pictures and t-SNE. 0 is automatic again. Results do
/// not depend on it. Throws ConfigError. May be called at any time, from any thread.
ELBO_API void set_cpu_threads(int threads);

}  // namespace elbo
