#pragma once
// Recorded device work that can be replayed without the host preparing it again.

#include <cstddef>
#include <functional>
#include <memory>

#include "runtime/context.h"

namespace elbo {

/// How a recorded graph hangs together; all 0 on the CPU, which has no graph.
struct GraphShape {
  std::size_t nodes = 0;
  std::size_t edges = 0;
  std::size_t longest_path = 0;  ///< nodes on it: what must run one after the other
};

struct GraphOptions {
  /// Lets grids that can (kernels/arch/grid_dependency.cuh) begin while the one before them ends. Changes no
  /// result.
  bool overlap = false;
};

/// A sequence of ops recorded once and launched many times. On CUDA it is a captured CUDA graph; on the CPU
/// it is the function itself. Recording runs nothing. What it touches must outlive it and keep its addresses.
class Graph {
 public:
  Graph() = default;
  /// Records what `work` gives to the context. `work` must not allocate, copy to or from the host, or wait.
  /// Throws what `work` throws (the capture is ended first), or DeviceError.
  static Graph record(Context& context, std::function<void()> work, const GraphOptions& options = {});

  explicit operator bool() const noexcept { return recording_ != nullptr; }
  /// Gives the recorded work to the context's stream.
  void launch();
  GraphShape shape() const;

 private:
  struct Recording;
  std::shared_ptr<Recording> recording_;
};

}  // namespace elbo
