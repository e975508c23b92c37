// Measures the time of work on a GPU.
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

/// The number of times that work of about `seconds` goes into one graph, so that overhead does not matter.
int repeats_for(double seconds) {
  constexpr double kEnough = 2e-3;
  constexpr int kMax = 200;
  if (cuda_support() == CudaSupport::emulated) return 1;  // an emulated GPU has no time
  return std::clamp(static_cast<int>(kEnough / std::max(seconds, 1e-6)), 1, kMax);
}

}  // namespace

double seconds_of_launch(CudaState& state, CapturedGraph& graph) {
  Event begin, end;
  launch(graph);
  begin.record(state.stream);
  launch(graph);
  end.record(state.stream);
  return end.seconds_since(begin);
}

RepeatedWork repeated(CudaState& state, const std::function<void()>& work) {
  work();  // the first run loads kernels
  const int repeats = repeats_for(seconds_of_launch(state, *capture(state, work)));
  return {capture(state,
                  [&] {
                    for (int i = 0; i < repeats; ++i) work();
                  }),
          repeats};
}

double seconds_of(CudaState& state, const std::function<void()>& work) {
  constexpr int kTrials = 3;
  const RepeatedWork repeated = cuda::repeated(state, work);
  double best = std::numeric_limits<double>::infinity();
  for (int trial = 0; trial < kTrials; ++trial)
    best = std::min(best, seconds_of_launch(state, *repeated.graph));
  return best / repeated.repeats;
}

}  // namespace elbo::cuda
