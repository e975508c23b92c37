#pragma once
// Turns the standard library's allocation failures into elbo's error.

#include <new>
#include <stdexcept>

#include "elbo/error.h"

namespace elbo {

/// Returns make()'s result. Throws OutOfMemoryError if host memory runs out in it, or a container would
/// exceed its maximum size.
template <class Make>
auto with_memory_errors(const Make& make) -> decltype(make()) {
  constexpr const char* kMessage =
      "out of memory: the host does not have that much. Make the model, the batch or the data "
      "smaller.";
  try {
    return make();
  } catch (const std::bad_alloc&) {
    throw OutOfMemoryError(kMessage);
  } catch (const std::length_error&) {
    throw OutOfMemoryError(kMessage);
  }
}

}  // namespace elbo
