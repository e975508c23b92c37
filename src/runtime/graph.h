#pragma once
// Recorded device work that can be replayed without the host preparing it again.

#include <functional>
#include <memory>

#include "runtime/context.h"

namespace elbo {

/// A sequence of ops recorded once and launched many times. On CUDA it is a captured CUDA graph; on the CPU
/// it is the function itself. Recording runs nothing. What it touches must outlive it and keep its addresses.
class Graph {
 public:
  Graph() = default;
  /// Records what `work` gives to the context. `work` must not allocate, copy to or from the host, or wait.
  /// Throws what `work` throws (the capture is ended first), or DeviceError.
  static Graph record(Context& context, std::function<void()> work);

  explicit operator bool() const noexcept { return recording_ != nullptr; }
  /// Gives the recorded work to the context's stream.
  void launch();

 private:
  struct Recording;
  std::shared_ptr<Recording> recording_;
};

}  // namespace elbo
