#pragma once
// Non-owning views of device memory. They carry shape, never ownership; the memory belongs to a Buffer or
// Arena.

#include <cstdint>
#include <type_traits>

namespace elbo {

/// [size] contiguous values.
template <class T>
struct VectorView {
  T* data = nullptr;
  std::int64_t size = 0;

  VectorView() = default;
  VectorView(T* data, std::int64_t size) : data(data), size(size) {}
  /// Converts a view of mutable values to a const one.
  template <class U>
  requires(std::is_same_v<const U, T>) VectorView(const VectorView<U>& other)
      : data(other.data), size(other.size) {}

  bool empty() const noexcept { return data == nullptr; }
  VectorView part(std::int64_t first, std::int64_t count) const {
    return {data ? data + first : nullptr, count};
  }
};

/// [rows, cols], row-major, rows `stride` values apart (stride ≥ cols).
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  MatrixView() = default;
  MatrixView(T* data, std::int64_t rows, std::int64_t cols) : MatrixView(data, rows, cols, cols) {}
  MatrixView(T* data, std::int64_t rows, std::int64_t cols, std::int64_t stride)
      : data(data), rows(rows), cols(cols), stride(stride) {}
  template <class U>
  requires(std::is_same_v<const U, T>) MatrixView(const MatrixView<U>& other)
      : data(other.data), rows(other.rows), cols(other.cols), stride(other.stride) {}

  bool empty() const noexcept { return data == nullptr; }
  bool contiguous() const noexcept { return stride == cols; }
  MatrixView columns(std::int64_t first, std::int64_t count) const {
    return {data ? data + first : nullptr, rows, count, stride};
  }
  MatrixView first_rows(std::int64_t count) const { return {data, count, cols, stride}; }
  /// A pointer to row i; null in an empty view.
  T* row(std::int64_t i) const noexcept { return empty() ? nullptr : data + i * stride; }
};

}  // namespace elbo
