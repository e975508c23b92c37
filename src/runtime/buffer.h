#pragma once
// Owning device memory.

#include <span>
#include <utility>
#include <vector>

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo {

/// Owns [size] values of T on a context's device, uninitialised until written. Move-only; must not outlive
/// the context.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  Buffer(Context& context, std::int64_t size)
      : context_(&context),
        data_(static_cast<T*>(context.allocate(sizeof(T) * static_cast<std::size_t>(size)))),
        size_(size) {}
  Buffer(Context& context, std::span<const T> host)
      : Buffer(context, static_cast<std::int64_t>(host.size())) {
    upload(host);
  }
  ~Buffer() { reset(); }
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::int64_t size() const noexcept { return size_; }
  VectorView<T> view() noexcept { return {data_, size_}; }
  VectorView<const T> view() const noexcept { return {data_, size_}; }
  MatrixView<T> matrix(std::int64_t rows, std::int64_t cols) noexcept { return {data_, rows, cols}; }
  MatrixView<const T> matrix(std::int64_t rows, std::int64_t cols) const noexcept {
    return {data_, rows, cols};
  }

  /// Writes host.size() ≤ size() values.
  void upload(std::span<const T> host) { context_->copy_to_device(data_, host.data(), host.size_bytes()); }
  /// Waits for the device and returns all values.
  std::vector<T> to_host() const {
    std::vector<T> host(static_cast<std::size_t>(size_));
    if (size_ > 0) context_->copy_to_host(host.data(), data_, sizeof(T) * host.size());
    if (context_) context_->synchronize();
    return host;
  }
  void fill_zero() { context_->fill_zero(data_, sizeof(T) * static_cast<std::size_t>(size_)); }

 private:
  void reset() noexcept {
    if (data_) context_->release(data_);
    data_ = nullptr;
  }

  Context* context_ = nullptr;
  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

}  // namespace elbo
