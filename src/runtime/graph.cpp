#include "runtime/graph.h"

#include <utility>

#include "base/check.h"
#include "runtime/cuda_api.h"

namespace elbo {

struct Graph::Recording {
  std::function<void()> work;                     // CPU
  std::shared_ptr<cuda::CapturedGraph> captured;  // CUDA
};

Graph Graph::record(Context& context, std::function<void()> work, const GraphOptions& options) {
  Graph graph;
  graph.recording_ = std::make_shared<Recording>();
  if (context.is_cuda()) {
    graph.recording_->captured = cuda::capture(context.cuda(), work, options);
    return graph;
  }
  graph.recording_->work = std::move(work);
  return graph;
}

void Graph::launch() {
  ELBO_CHECK(recording_ != nullptr, DeviceError, "an empty graph cannot be launched");
  if (recording_->captured) return cuda::launch(*recording_->captured);
  recording_->work();
}

GraphShape Graph::shape() const {
  if (recording_ && recording_->captured) return cuda::shape(*recording_->captured);
  return {};
}

}  // namespace elbo
