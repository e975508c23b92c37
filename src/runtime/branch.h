#pragma once
// Work that runs in parallel with the main line of a recorded step.

#include <memory>

#include "runtime/context.h"

namespace elbo {

namespace cuda {
struct SideLine;  // src/runtime/cuda_branch.cpp
}

/// A side line of work. While a graph is recorded, the ops of `run` come after the main line's work so far
/// and the branch's own earlier work. They run in parallel with the main line's later work, until `join`. On
/// the CPU, or if nothing is recorded, everything runs in the order of the calls. Branches do not nest, and
/// must not be made while a graph is recorded.
class Branch {
 public:
  /// `gemms`: whether the branch may run linear layers. It then has its own working memory for them, as the
  /// main line may use its memory at the same time. `context` must outlive this. Throws DeviceError (out of
  /// memory).
  explicit Branch(Context& context, bool gemms = true);

  /// Calls `work`, whose ops go to this branch. Throws work()'s exceptions, and DeviceError.
  template <class Work>
  void run(const Work& work) {
    const Scope scope(*this);
    work();
  }
  /// Makes the main line's later work wait for this branch's work so far.
  void join();

 private:
  class Scope {
   public:
    explicit Scope(Branch& branch) : branch_(branch) { branch.enter(); }
    ~Scope() { branch_.leave(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Branch& branch_;
  };
  void enter();
  void leave() noexcept;

  std::shared_ptr<cuda::SideLine> side_;  ///< null on the CPU
};

}  // namespace elbo
