#pragma once
// The interface between the runtime's files and its CUDA half (cuda_*.cpp), free of CUDA headers. In a build
// without CUDA, no_cuda.cpp replaces the CUDA half.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/device.h"
#include "runtime/graph.h"

namespace elbo {

struct CudaState;

namespace cuda {

/// Returns cuda_support()'s value.
CudaSupport support() noexcept;
/// GPUs this process can use; empty if there is no driver. Never throws.
std::vector<DeviceInfo> gpus();
/// Stream and handles on one GPU. Throws DeviceError.
CudaState* create_state(int index);
void destroy_state(CudaState* state);

/// Names and versions of the GPU, its driver and libraries. Equal fingerprints mean equal times and bits.
std::string fingerprint(const CudaState& state);

void synchronize(CudaState& state);
void* allocate(CudaState& state, std::size_t bytes);
void release(CudaState& state, void* memory) noexcept;
/// Host memory may be reused on return.
void copy_to_device(CudaState& state, void* device, const void* host, std::size_t bytes);
/// Host memory has the values after synchronize().
void copy_to_host(CudaState& state, void* host, const void* device, std::size_t bytes);
void copy_on_device(CudaState& state, void* to, const void* from, std::size_t bytes);
void fill_zero(CudaState& state, void* device, std::size_t bytes);

/// A captured and instantiated CUDA graph; capture runs `work` while the stream records.
struct CapturedGraph;
std::shared_ptr<CapturedGraph> capture(CudaState& state, const std::function<void()>& work,
                                       const GraphOptions& options = {});
void launch(CapturedGraph& graph);
GraphShape shape(const CapturedGraph& graph);

/// The implementation of a Branch: its place in the captured work, and its memory for cuBLAS.
struct SideLine;
std::shared_ptr<SideLine> create_side_line(CudaState& state, bool gemms);
void enter(SideLine& line);
void leave(SideLine& line) noexcept;
void join(SideLine& line);

/// The seconds of a graph's launch by the device's clock. Launches it twice and times the second: the device
/// is still busy with the first when it is given the second, so that no latency of the host counts.
double seconds_of_launch(CudaState& state, CapturedGraph& graph);

/// A graph that runs the same work `repeats` times.
struct RepeatedWork {
  std::shared_ptr<CapturedGraph> graph;
  int repeats = 0;
};
/// A graph of `work`, up to 200 times, as fits into about two milliseconds. Runs it a few times.
RepeatedWork repeated(CudaState& state, const std::function<void()>& work);

/// The seconds that `work` takes on the device: the fastest of a few graphs of it. Runs it several times. Not
/// while a graph is recorded.
double seconds_of(CudaState& state, const std::function<void()>& work);

/// Pinned host memory with an event after its last copy.
struct PinnedCopy;
PinnedCopy* create_pinned_copy(CudaState& state, std::size_t bytes);
void destroy_pinned_copy(PinnedCopy* copy);
void start(PinnedCopy& copy, const void* device);
bool ready(const PinnedCopy& copy);
const void* wait(PinnedCopy& copy);

}  // namespace cuda
}  // namespace elbo
