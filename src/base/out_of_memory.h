#pragma once
// Memory that the standard library could not get, as an error of elbo's.

#include <new>
#include <stdexcept>

#include "elbo/error.h"

namespace elbo {

/// What `make` returns. Throws DeviceError if host memory runs out in it, or a container would be larger
/// than any can be.
template <class Make>
auto with_memory_errors(const Make& make) -> decltype(make()) {
  constexpr const char* kMessage =
      "out of memory: the host has no room for what was asked for. Make the model, the batch or the data "
      "smaller.";
  try {
    return make();
  } catch (const std::bad_alloc&) {
    throw DeviceError(kMessage);
  } catch (const std::length_error&) {
    throw DeviceError(kMessage);
  }
}

}  // namespace elbo
