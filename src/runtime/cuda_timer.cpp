// How long work takes on a GPU.
#include <algorithm>
#include <limits>

#include "runtime/cuda_api.h"
#include "runtime/cuda_state.h"

namespace elbo::cuda {
namespace {

class Event {
 public:
  Event() { ELBO_CUDA_CHECK(cudaEventCreate(&event_)); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void record(cudaStream_t stream) { ELBO_CUDA_CHECK(cudaEventRecord(event_, stream)); }
  double seconds_since(const Event& begin) {
    ELBO_CUDA_CHECK(cudaEventSynchronize(event_));
    float milliseconds = 0.0f;
    ELBO_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, begin.event_, event_));
    return 1e-3 * static_cast<double>(milliseconds);
  }

 private:
  cudaEvent_t event_ = nullptr;
};

double seconds_of_launch(CudaState& state, CapturedGraph& graph) {
  Event begin, end;
  begin.record(state.stream);
  launch(graph);
  end.record(state.stream);
  return end.seconds_since(begin);
}

}  // namespace

double seconds_of(CudaState& state, const std::function<void()>& work) {
  constexpr double kEnough = 2e-3;  // seconds in one graph, where the time around it no longer counts
  constexpr int kMost = 20, kTrials = 3;
  work();  // the first run loads kernels
  const auto once = capture(state, work);
  launch(*once);
  const double about = std::max(seconds_of_launch(state, *once), 1e-6);
#if ELBO_EMULATE
  const int repeats = 1;  // it has no time
#else
  const int repeats = std::clamp(static_cast<int>(kEnough / about), 1, kMost);
#endif
  const auto graph = capture(state, [&] {
    for (int i = 0; i < repeats; ++i) work();
  });
  double best = std::numeric_limits<double>::infinity();
  for (int trial = 0; trial < kTrials; ++trial) best = std::min(best, seconds_of_launch(state, *graph));
  return best / repeats;
}

}  // namespace elbo::cuda
