#pragma once
// Errors of threads that compute together.

#include <atomic>
#include <exception>

namespace elbo {

/// Carries the first error of a parallel region out of it: an exception that left the region would end the
/// program.
///
///     ParallelError error;
///     #pragma omp parallel for
///     for (…) error.guard([&] { … });
///     error.rethrow();
class ParallelError {
 public:
  /// Runs work(), unless another failed before.
  template <class Work>
  void guard(const Work& work) noexcept {
    if (failed_.load(std::memory_order_relaxed)) return;
    try {
      work();
    } catch (...) {
      if (!failed_.exchange(true)) first_ = std::current_exception();
    }
  }
  /// Throws the error, if there was one. Call it after the region.
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::atomic<bool> failed_ = false;
  std::exception_ptr first_;
};

}  // namespace elbo
