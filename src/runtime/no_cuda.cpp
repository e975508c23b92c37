// Replaces cuda_*.cpp in a build without CUDA. There is no GPU, so no context on a GPU can be made, and
// functions that take a CudaState, or an object made with one, are never called.
#include "base/check.h"
#include "runtime/cuda_api.h"

namespace elbo::cuda {
namespace {

[[noreturn]] void refuse() {
  throw DeviceError("this build of elbo has no CUDA");
}

}  // namespace

CudaSupport support() noexcept {
  return CudaSupport::none;
}

std::vector<DeviceInfo> gpus() {
  return {};
}

CudaState* create_state(int index) {
  throw DeviceError(
      concat("device \"", Device::cuda(index).name(),
             "\" was asked for, but this build of elbo has no CUDA. Use device \"cpu\", or rebuild "
             "with -DELBO_CUDA=ON on a machine with the CUDA toolkit."));
}
void destroy_state(CudaState*) {}

std::string fingerprint(const CudaState&) {
  refuse();
}

void synchronize(CudaState&) {
  refuse();
}
void* allocate(CudaState&, std::size_t) {
  refuse();
}
void release(CudaState&, void*) noexcept {}
void copy_to_device(CudaState&, void*, const void*, std::size_t) {
  refuse();
}
void copy_to_host(CudaState&, void*, const void*, std::size_t) {
  refuse();
}
void copy_on_device(CudaState&, void*, const void*, std::size_t) {
  refuse();
}
void fill_zero(CudaState&, void*, std::size_t) {
  refuse();
}

std::shared_ptr<CapturedGraph> capture(CudaState&, const std::function<void()>&, const GraphOptions&) {
  refuse();
}
void launch(CapturedGraph&) {
  refuse();
}
GraphShape shape(const CapturedGraph&) {
  refuse();
}

std::shared_ptr<SideLine> create_side_line(CudaState&, bool) {
  refuse();
}
void enter(SideLine&) {
  refuse();
}
void leave(SideLine&) noexcept {}
void join(SideLine&) {
  refuse();
}

double seconds_of_launch(CudaState&, CapturedGraph&) {
  refuse();
}
RepeatedWork repeated(CudaState&, const std::function<void()>&) {
  refuse();
}
double seconds_of(CudaState&, const std::function<void()>&) {
  refuse();
}

PinnedCopy* create_pinned_copy(CudaState&, std::size_t) {
  refuse();
}
void destroy_pinned_copy(PinnedCopy*) {}
void start(PinnedCopy&, const void*) {
  refuse();
}
bool ready(const PinnedCopy&) {
  refuse();
}
const void* wait(PinnedCopy&) {
  refuse();
}

}  // namespace elbo::cuda
