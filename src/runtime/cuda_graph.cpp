// CUDA graphs: work recorded once, launched many times.
#include <algorithm>

#include "base/check.h"
#include "runtime/cuda_api.h"
#include "runtime/cuda_capture.h"

namespace elbo::cuda {

struct CapturedGraph {
  CudaState* state = nullptr;
  cudaGraphExec_t executable = nullptr;
  GraphShape shape;

  ~CapturedGraph() {
    if (executable) cudaGraphExecDestroy(executable);
  }
};

namespace {

/// Begins the capture. If `finish` is not reached, ends it and discards the graph.
class CaptureScope {
 public:
  CaptureScope(CudaState& state, const GraphOptions& options) : state_(state) {
    ELBO_CHECK(!state.capturing, DeviceError, "a graph cannot be recorded while another is");
    ELBO_CUDA_CHECK(cudaSetDevice(state.device));
    ELBO_CUDA_CHECK(cudaStreamBeginCapture(state.stream, cudaStreamCaptureModeThreadLocal));
    state.capturing = true;
    ++state.recordings;
    state.overlap = options.overlap;
    state.writes.clear();
  }
  ~CaptureScope() {
    if (!state_.capturing) return;
    state_.capturing = state_.overlap = false;
    cudaGraph_t graph = nullptr;
    cudaStreamEndCapture(state_.stream, &graph);
    if (graph) cudaGraphDestroy(graph);
    cudaGetLastError();
  }
  CaptureScope(const CaptureScope&) = delete;
  CaptureScope& operator=(const CaptureScope&) = delete;

  cudaGraph_t finish() {
    state_.capturing = state_.overlap = false;
    cudaGraph_t graph = nullptr;
    ELBO_CUDA_CHECK(cudaStreamEndCapture(state_.stream, &graph));
    return graph;
  }

 private:
  CudaState& state_;
};

/// Finds the longest path with nodes in topological order: each node extends its predecessors' paths.
GraphShape shape_of(const GraphEdges& edges) {
  const std::size_t count = edges.nodes.size();
  std::vector<std::size_t> missing(count), length(count, 1), ready;
  std::vector<std::vector<std::size_t>> followers(count);
  for (std::size_t i = 0; i < edges.from.size(); ++i) {
    followers[edges.from[i]].push_back(edges.to[i]);
    ++missing[edges.to[i]];
  }
  for (std::size_t node = 0; node < count; ++node) {
    if (missing[node] == 0) ready.push_back(node);
  }
  GraphShape shape{count, edges.from.size(), 0};
  while (!ready.empty()) {
    const std::size_t node = ready.back();
    ready.pop_back();
    shape.longest_path = std::max(shape.longest_path, length[node]);
    for (const std::size_t next : followers[node]) {
      length[next] = std::max(length[next], length[node] + 1);
      if (--missing[next] == 0) ready.push_back(next);
    }
  }
  return shape;
}

struct GraphOwner {
  cudaGraph_t graph;
  ~GraphOwner() { cudaGraphDestroy(graph); }
};

}  // namespace

std::shared_ptr<CapturedGraph> capture(CudaState& state, const std::function<void()>& work,
                                       const GraphOptions& options) {
  auto captured = std::make_shared<CapturedGraph>();
  captured->state = &state;
  CaptureScope scope(state, options);
  work();
  const GraphOwner owner{scope.finish()};
  captured->shape = shape_of(edges_of(owner.graph));
  ELBO_CUDA_CHECK(cudaGraphInstantiate(&captured->executable, owner.graph, 0));
  return captured;
}

GraphShape shape(const CapturedGraph& graph) {
  return graph.shape;
}

void launch(CapturedGraph& graph) {
  ELBO_CUDA_CHECK(cudaSetDevice(graph.state->device));
  ELBO_CUDA_CHECK(cudaGraphLaunch(graph.executable, graph.state->stream));
}

}  // namespace elbo::cuda
