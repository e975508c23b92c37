#pragma once
// Which device runs a model.

#include <string>
#include <string_view>
#include <vector>

namespace elbo {

/// A processor that elbo can run on.
struct Device {
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
  std::string description;              ///< the processor's or the GPU's name
  unsigned long long memory_bytes = 0;  ///< 0 where unknown
};

/// The devices present: the CPU first, then every GPU this build can use.
std::vector<DeviceInfo> devices();

/// How this build can use CUDA: "none", "cuda", or "emulated" (the kernels run on the CPU, for tests).
std::string_view cuda_support() noexcept;

}  // namespace elbo
