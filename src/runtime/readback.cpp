#include "runtime/readback.h"

#include <cstring>
#include <vector>

#include "runtime/cuda_api.h"

namespace elbo {

struct Readback::State {
  std::vector<std::byte> host;                                                              // CPU
  std::unique_ptr<cuda::PinnedCopy, void (*)(cuda::PinnedCopy*)> pinned{nullptr, nullptr};  // CUDA
};

Readback::Readback(Context& context, std::size_t bytes) : state_(std::make_unique<State>()) {
  if (context.is_cuda()) {
    state_->pinned = {cuda::create_pinned_copy(context.cuda(), bytes), cuda::destroy_pinned_copy};
  } else {
    state_->host.resize(bytes);
  }
}

Readback::~Readback() = default;
Readback::Readback(Readback&&) noexcept = default;
Readback& Readback::operator=(Readback&&) noexcept = default;

void Readback::start(const void* device) {
  if (state_->pinned) return cuda::start(*state_->pinned, device);
  std::memcpy(state_->host.data(), device, state_->host.size());
}

bool Readback::ready() const {
  if (state_->pinned) return cuda::ready(*state_->pinned);
  return true;
}

const void* Readback::wait() {
  if (state_->pinned) return cuda::wait(*state_->pinned);
  return state_->host.data();
}

}  // namespace elbo
