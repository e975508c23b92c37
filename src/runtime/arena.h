#pragma once
// One allocation with many views: the memory of a model's activations.

#include <cstddef>

#include "runtime/buffer.h"

namespace elbo {

/// Hands out aligned pieces of one device allocation. Use it twice with the same requests: first
/// default-constructed, when it only measures and gives null views, then with the bytes that `used()`
/// reported.
class Arena {
 public:
  static constexpr std::size_t kAlignment = 256;

  Arena() = default;
  Arena(Context& context, std::size_t bytes) : memory_(context, static_cast<std::int64_t>(bytes)) {}

  template <class T>
  VectorView<T> vector(std::int64_t size) {
    return {reinterpret_cast<T*>(take(sizeof(T) * static_cast<std::size_t>(size))), size};
  }
  template <class T>
  MatrixView<T> matrix(std::int64_t rows, std::int64_t cols) {
    return {reinterpret_cast<T*>(take(sizeof(T) * static_cast<std::size_t>(rows * cols))), rows, cols};
  }
  std::size_t used() const noexcept { return used_; }

 private:
  /// Throws DeviceError if more is requested than was measured.
  std::byte* take(std::size_t bytes);

  Buffer<std::byte> memory_;
  std::size_t used_ = 0;
};

}  // namespace elbo
