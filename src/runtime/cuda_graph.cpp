// CUDA graphs: work recorded once, launched many times.
#include "runtime/check.h"
#include "runtime/cuda_api.h"
#include "runtime/cuda_state.h"

namespace elbo::cuda {

struct CapturedGraph {
  CudaState* state = nullptr;
  cudaGraphExec_t executable = nullptr;

  ~CapturedGraph() {
    if (executable) cudaGraphExecDestroy(executable);
  }
};

namespace {

/// Begins the capture; ends it, throwing the graph away, where `finish` was not reached.
class CaptureScope {
 public:
  explicit CaptureScope(CudaState& state) : state_(state) {
    ELBO_CHECK(!state.capturing, DeviceError, "a graph cannot be recorded while another is");
    ELBO_CUDA_CHECK(cudaSetDevice(state.device));
    ELBO_CUDA_CHECK(cudaStreamBeginCapture(state.stream, cudaStreamCaptureModeThreadLocal));
    state.capturing = true;
  }
  ~CaptureScope() {
    if (!state_.capturing) return;
    state_.capturing = false;
    cudaGraph_t graph = nullptr;
    cudaStreamEndCapture(state_.stream, &graph);
    if (graph) cudaGraphDestroy(graph);
    cudaGetLastError();
  }
  CaptureScope(const CaptureScope&) = delete;
  CaptureScope& operator=(const CaptureScope&) = delete;

  cudaGraph_t finish() {
    state_.capturing = false;
    cudaGraph_t graph = nullptr;
    ELBO_CUDA_CHECK(cudaStreamEndCapture(state_.stream, &graph));
    return graph;
  }

 private:
  CudaState& state_;
};

}  // namespace

std::shared_ptr<CapturedGraph> capture(CudaState& state, const std::function<void()>& work) {
  auto captured = std::make_shared<CapturedGraph>();
  captured->state = &state;
  CaptureScope scope(state);
  work();
  const cudaGraph_t graph = scope.finish();
  const cudaError_t error = cudaGraphInstantiate(&captured->executable, graph, 0);
  cudaGraphDestroy(graph);
  ELBO_CUDA_CHECK(error);
  return captured;
}

void launch(CapturedGraph& graph) {
  ELBO_CUDA_CHECK(cudaSetDevice(graph.state->device));
  ELBO_CUDA_CHECK(cudaGraphLaunch(graph.executable, graph.state->stream));
}

}  // namespace elbo::cuda
