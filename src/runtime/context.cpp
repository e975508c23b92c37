#include "runtime/context.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/memory.h"
#include "runtime/cuda_api.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace elbo {
namespace {

/// Allocations from this size on use huge pages. A training step goes through all parameters, gradients and
/// moments; with small pages it spends a tenth of its time on address translation.
constexpr std::size_t kHugePage = std::size_t{2} << 20;

/// From this size on, a request is compared with the memory that can be had.
constexpr std::size_t kLargeRequest = std::size_t{256} << 20;

}  // namespace

Context::Context(Device device, int threads) : device_(device), team_(threads > 0 ? threads : cpu_threads()) {
  if (!device.is_cuda()) {
    team_.start();
    scratch_ = {allocate(kScratchBytes * static_cast<std::size_t>(team_.size())), std::free};
    return;
  }
  cuda_ = {cuda::create_state(device.index), cuda::destroy_state};
}

Context::~Context() = default;

void* Context::operand_memory(int place, std::size_t bytes) {
  Place& own = operands_[static_cast<std::size_t>(place)];
  if (own.bytes < bytes) {
    own.memory = {allocate(bytes), std::free};
    own.bytes = bytes;
  }
  return own.memory.get();
}

std::string Context::fingerprint() const {
  if (is_cuda()) return cuda::fingerprint(*cuda_);
  return {};
}

double Context::seconds_on_device(const std::function<void()>& work) {
  if (is_cuda()) return cuda::seconds_of(*cuda_, work);
  throw DeviceError("the CPU's work has no time on a device");
}

void Context::synchronize() {
  if (is_cuda()) return cuda::synchronize(*cuda_);
}

void* Context::allocate(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  if (is_cuda()) return cuda::allocate(*cuda_, bytes);
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : 256;
  const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
  const bool too_large = bytes > size || (bytes >= kLargeRequest && bytes > available_memory());
  void* memory = too_large ? nullptr : std::aligned_alloc(alignment, size);
  if (!memory) {
    throw DeviceError(concat("out of memory: ", bytes, " bytes were asked for on the CPU, and ",
                             available_memory(), " are free. Use a smaller batch or model."));
  }
#if defined(__linux__)
  if (alignment == kHugePage) madvise(memory, size, MADV_HUGEPAGE);  // only advice: it may fail
#endif
  return memory;
}

void Context::release(void* memory) noexcept {
  if (is_cuda()) return cuda::release(*cuda_, memory);
  std::free(memory);
}

void Context::copy_to_device(void* device, const void* host, std::size_t bytes) {
  if (bytes == 0) return;
  if (is_cuda()) return cuda::copy_to_device(*cuda_, device, host, bytes);
  std::memcpy(device, host, bytes);
}

void Context::copy_to_host(void* host, const void* device, std::size_t bytes) {
  if (bytes == 0) return;
  if (is_cuda()) return cuda::copy_to_host(*cuda_, host, device, bytes);
  std::memcpy(host, device, bytes);
}

void Context::copy_on_device(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  if (is_cuda()) return cuda::copy_on_device(*cuda_, to, from, bytes);
  std::memcpy(to, from, bytes);
}

void Context::fill_zero(void* device, std::size_t bytes) {
  if (bytes == 0) return;
  if (is_cuda()) return cuda::fill_zero(*cuda_, device, bytes);
  std::memset(device, 0, bytes);
}

}  // namespace elbo
