#include "runtime/graph.h"

#include <utility>

#include "base/check.h"
#include "runtime/cuda_api.h"

namespace elbo {

struct Graph::Recording {
  std::function<void()> work;  // CPU
#if ELBO_HAS_CUDA
  std::shared_ptr<cuda::CapturedGraph> captured;  // CUDA
#endif
};

Graph Graph::record(Context& context, std::function<void()> work, const GraphOptions& options) {
  Graph graph;
  graph.recording_ = std::make_shared<Recording>();
#if ELBO_HAS_CUDA
  if (context.is_cuda()) {
    graph.recording_->captured = cuda::capture(context.cuda(), work, options);
    return graph;
  }
#endif
  (void)context;
  (void)options;
  graph.recording_->work = std::move(work);
  return graph;
}

void Graph::launch() {
  ELBO_CHECK(recording_ != nullptr, DeviceError, "an empty graph cannot be launched");
#if ELBO_HAS_CUDA
  if (recording_->captured) return cuda::launch(*recording_->captured);
#endif
  recording_->work();
}

GraphShape Graph::shape() const {
#if ELBO_HAS_CUDA
  if (recording_ && recording_->captured) return cuda::shape(*recording_->captured);
#endif
  return {};
}

}  // namespace elbo
