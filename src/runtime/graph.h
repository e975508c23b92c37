#pragma once
// Recorded device work that can be replayed without the host preparing it again.

#include <cstddef>
#include <functional>
#include <memory>

#include "runtime/context.h"

namespace elbo {

/// The structure of a recorded graph; all 0 on the CPU, which has no graph.
struct GraphShape {
  std::size_t nodes = 0;
  std::size_t edges = 0;
  std::size_t longest_path = 0;  ///< its number of nodes, which must run in sequence
};

struct GraphOptions {
  /// Lets grids that support it (kernels/arch/grid_dependency.cuh) begin while the previous grid ends. Does
  /// not change results.
  bool overlap = false;
};

/// A sequence of ops recorded once and launched many times. On CUDA it is a captured CUDA graph, on the CPU
/// the function itself. Recording does not run the ops. Memory that they use must outlive the graph and keep
/// its addresses.
class Graph {
 public:
  Graph() = default;
  /// Records the ops that `work` gives to the context. `work` must not allocate, copy to or from the host, or
  /// wait. Throws DeviceError, or work()'s exception after ending the capture.
  static Graph record(Context& context, std::function<void()> work, const GraphOptions& options = {});

  explicit operator bool() const noexcept { return recording_ != nullptr; }
  /// Launches the recorded work on the context's stream.
  void launch();
  GraphShape shape() const;

 private:
  struct Recording;
  std::shared_ptr<Recording> recording_;
};

}  // namespace elbo
