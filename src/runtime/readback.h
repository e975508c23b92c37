#pragma once
// Small results that return to the host without stopping the device.

#include <cstddef>
#include <memory>

#include "runtime/context.h"

namespace elbo {

/// A pinned host copy of a few bytes of device memory. `start` orders the copy after the work so far; `wait`
/// blocks until that copy is done, not until later work is.
class Readback {
 public:
  Readback(Context& context, std::size_t bytes);
  ~Readback();
  Readback(Readback&&) noexcept;
  Readback& operator=(Readback&&) noexcept;

  void start(const void* device);
  /// Whether a started copy has arrived; never blocks.
  bool ready() const;
  /// The bytes of the last started copy. Throws DeviceError if device work failed.
  const void* wait();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace elbo
