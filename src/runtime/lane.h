#pragma once
// Work that runs beside the main line of a recorded step.

#include <memory>

#include "runtime/context.h"

namespace elbo {

namespace cuda {
struct SideLine;  // src/runtime/cuda_lane.cpp
}

/// A side line of work. While a graph is recorded, what `run` gives comes after all that the main line has
/// been given so far, after the lane's own earlier work, and beside what the main line is given next, until
/// `join`. Elsewhere (on the CPU, or where nothing is recorded) everything runs in the order in which it is
/// given. Lanes are not nested. Not to be made while a graph is recorded.
class Lane {
 public:
  /// `products`: whether it may be given linear layers, for which it then has working memory of its own, so
  /// that they do not use that of the main line at the same time. `context` must outlive this. Throws
  /// DeviceError (out of memory).
  explicit Lane(Context& context, bool products = true);

  /// Calls `work`, whose ops go to this lane. Throws what it throws, and DeviceError.
  template <class Work>
  void run(const Work& work) {
    const Scope scope(*this);
    work();
  }
  /// What the main line is given from here on comes after this lane's work so far.
  void join();

 private:
  class Scope {
   public:
    explicit Scope(Lane& lane) : lane_(lane) { lane.enter(); }
    ~Scope() { lane_.leave(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Lane& lane_;
  };
  void enter();
  void leave() noexcept;

  std::shared_ptr<cuda::SideLine> side_;  ///< null on the CPU
};

}  // namespace elbo
