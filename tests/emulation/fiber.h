#pragma once
// Fibers: stacks that a CPU thread can leave and return to. There is one set, used by one thread at a time.

#include <cstddef>
#include <memory>
#include <vector>

namespace elbo::emulation {

class Fiber;

/// Reuses the stacks of ended fibers for new ones.
class FiberPool {
 public:
  using Entry = void (*)();

  /// Every fiber runs `entry`, which never returns: it leaves by switch_to_main().
  explicit FiberPool(Entry entry);
  ~FiberPool();

  /// A fiber that waits to begin, or a returned one, which continues after the switch by which it left.
  Fiber* take();
  void give_back(Fiber* fiber) { idle_.push_back(fiber); }
  /// Discards the state of all fibers; they start anew.
  void reset();

  void switch_to(Fiber* fiber);
  void switch_to_main();
  Fiber* current() const { return current_; }
  /// Whether an address is on a fiber's stack.
  bool on_stack(const void* address) const {
    return static_cast<std::size_t>(static_cast<const char*>(address) - stacks_) < stack_span_;
  }

 private:
  friend class Fiber;
  std::unique_ptr<Fiber> make();
  void leave_for(Fiber* fiber);

  Entry entry_;
  char* stacks_ = nullptr;
  std::size_t stack_span_ = 0;
  std::vector<std::unique_ptr<Fiber>> all_;
  std::vector<Fiber*> idle_;
  std::unique_ptr<Fiber> main_;
  Fiber* current_ = nullptr;
};

}  // namespace elbo::emulation
