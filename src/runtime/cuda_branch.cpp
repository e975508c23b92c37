// Side lines of a capture: one stream, whose dependencies are switched between the lines.
#include <vector>

#include "base/check.h"
#include "runtime/cuda_api.h"
#include "runtime/cuda_capture.h"

namespace elbo::cuda {

struct SideLine {
  CudaState* state = nullptr;
  void* workspace = nullptr;  ///< cuBLAS's workspace in this branch
  std::uint64_t recording = 0;
  std::vector<cudaGraphNode_t> last;  ///< nodes before the branch's next work, besides the main line's
  std::vector<cudaGraphNode_t> main;  ///< the main line's nodes, while the branch is given work
  void* main_workspace = nullptr;

  ~SideLine() {
    if (!workspace) return;
    cudaSetDevice(state->device);
    cudaFree(workspace);
    cudaGetLastError();
  }
};

namespace {

/// Forgets an earlier recording. Returns false if nothing is being recorded.
bool follow_recording(SideLine& line) {
  if (!line.state->capturing) return false;
  if (line.recording != line.state->recordings) line.last.clear();
  line.recording = line.state->recordings;
  return true;
}

}  // namespace

std::shared_ptr<SideLine> create_side_line(CudaState& state, bool gemms) {
  auto line = std::make_shared<SideLine>();
  line->state = &state;
  if (gemms) line->workspace = allocate(state, state.blas_workspace_bytes);
  return line;
}

void enter(SideLine& line) {
  if (!follow_recording(line)) return;
  CudaState& state = *line.state;
  ELBO_CHECK(!state.in_branch, DeviceError, "a branch was given work while another is");
  line.main = capture_dependencies(state);
  add_capture_dependencies(state, line.last);
  state.in_branch = true;
  line.main_workspace = state.blas_workspace;
  state.blas_workspace = line.workspace;
}

void leave(SideLine& line) noexcept {
  CudaState& state = *line.state;
  if (!state.in_branch) return;
  state.in_branch = false;
  state.blas_workspace = line.main_workspace;
  try {
    line.last = capture_dependencies(state);
    set_capture_dependencies(state, line.main);
  } catch (const DeviceError&) {  // the capture is invalid, and its end reports it
  }
}

void join(SideLine& line) {
  if (!follow_recording(line)) return;
  add_capture_dependencies(*line.state, line.last);
  line.last.clear();
}

}  // namespace elbo::cuda
