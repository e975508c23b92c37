#include "support/allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace elbo::test {
namespace {

std::atomic<std::int64_t> count{0};

}  // namespace

std::int64_t allocations() {
  return count;
}

#if defined(__SANITIZE_ADDRESS__)
bool sanitized() {
  return true;
}
}  // namespace elbo::test
#else
bool sanitized() {
  return false;
}

namespace {

void* counted(void* memory) {
  count.fetch_add(1, std::memory_order_relaxed);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace
}  // namespace elbo::test

void* operator new(std::size_t bytes) {
  return elbo::test::counted(std::malloc(bytes > 0 ? bytes : 1));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  return elbo::test::counted(std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
#endif
