#include "fiber.h"

#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace elbo::emulation {
namespace context = boost::context::detail;

namespace {

constexpr std::size_t kGuardBytes = 4096;
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kStackBytes = 256 * 1024;  // instrumented frames are larger
#else
constexpr std::size_t kStackBytes = 128 * 1024;
#endif
constexpr std::size_t kMaxFibers = 1024 + 8;  // a block's threads, and a few to spare

}  // namespace

class Fiber {
 public:
  context::fcontext_t place = nullptr;  ///< where it continues
  char* stack = nullptr;                ///< its lowest address
  std::size_t stack_bytes = 0;
  std::size_t shift = 0;  ///< its frames begin this much lower, so that stacks do not all share cache sets
  FiberPool* pool = nullptr;
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack = nullptr;
#endif

  static void begin(context::transfer_t from) {
    Fiber* previous = static_cast<Fiber*>(from.data);
    previous->place = from.fctx;
    arrived(previous->pool->main_.get(), previous);
    previous->pool->entry_();
  }
  void prepare() {
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(stack, stack_bytes);
    fake_stack = nullptr;
#endif
    place = context::make_fcontext(stack + stack_bytes - shift, stack_bytes - shift, begin);
  }
  /// Called after a switch, on the stack of the continuing fiber.
  static void arrived([[maybe_unused]] Fiber* main, [[maybe_unused]] Fiber* previous) {
#if defined(__SANITIZE_ADDRESS__)
    const void* bottom = nullptr;
    std::size_t bytes = 0;
    __sanitizer_finish_switch_fiber(main->pool->current_->fake_stack, &bottom, &bytes);
    if (previous == main) {
      main->stack = static_cast<char*>(const_cast<void*>(bottom));
      main->stack_bytes = bytes;
    }
#endif
  }
};

FiberPool::FiberPool(Entry entry) : entry_(entry), stack_span_(kMaxFibers * (kStackBytes + kGuardBytes)) {
  void* memory = mmap(nullptr, stack_span_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  stacks_ = static_cast<char*>(memory);
  main_ = std::make_unique<Fiber>();
  main_->pool = this;
  current_ = main_.get();
}

FiberPool::~FiberPool() {
  munmap(stacks_, stack_span_);
}

std::unique_ptr<Fiber> FiberPool::make() {
  auto fiber = std::make_unique<Fiber>();
  const std::size_t index = all_.size();
  fiber->pool = this;
  fiber->stack = stacks_ + index * (kStackBytes + kGuardBytes) + kGuardBytes;
  fiber->stack_bytes = kStackBytes;
  fiber->shift = index % 31 * 192;
  if (index >= kMaxFibers || mprotect(fiber->stack, kStackBytes, PROT_READ | PROT_WRITE) != 0)
    throw std::bad_alloc();
  fiber->prepare();
  return fiber;
}

Fiber* FiberPool::take() {
  if (idle_.empty()) {
    all_.push_back(make());
    return all_.back().get();
  }
  Fiber* fiber = idle_.back();
  idle_.pop_back();
  return fiber;
}

void FiberPool::reset() {
  idle_.clear();
  for (const auto& fiber : all_) {
    fiber->prepare();
    idle_.push_back(fiber.get());
  }
}

void FiberPool::switch_to(Fiber* fiber) {
  leave_for(fiber);
}
void FiberPool::switch_to_main() {
  leave_for(main_.get());
}

void FiberPool::leave_for(Fiber* fiber) {
  Fiber* self = current_;
  current_ = fiber;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&self->fake_stack, fiber->stack, fiber->stack_bytes);
#endif
  const context::transfer_t from = context::jump_fcontext(fiber->place, self);
  Fiber* previous = static_cast<Fiber*>(from.data);
  previous->place = from.fctx;
  Fiber::arrived(main_.get(), previous);
}

}  // namespace elbo::emulation
