#pragma once
// Device memory with sentinels around it and between its rows, so that a write outside is found.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "runtime/buffer.h"

namespace elbo::test {

/// A tensor's placement in memory.
struct Placement {
  std::int64_t row_padding = 0;   ///< elements between the end of a row and the start of the next
  std::int64_t misalignment = 0;  ///< elements between the allocation's 256-byte grid and the first value
};

/// [rows, cols] values of T on a device. Sentinels, and the values until they are uploaded, are bytes of
/// ones: NaN as float, −1 as an index. So a read outside, or of values never written, shows in the results
/// too.
template <class T>
class GuardedBuffer {
 public:
  GuardedBuffer(Context& context, std::int64_t rows, std::int64_t cols, Placement placement = {})
      : rows_(rows),
        cols_(cols),
        stride_(cols + placement.row_padding),
        first_(kGuard + placement.misalignment),
        memory_(context, first_ + rows * stride_ + kGuard) {
    blank();
  }

  MatrixView<T> matrix() { return {memory_.data() + first_, rows_, cols_, stride_}; }
  /// All values as a vector. Only for one row, or rows without padding.
  VectorView<T> vector() {
    EXPECT_TRUE(rows_ == 1 || stride_ == cols_) << "a vector has no padding";
    return {memory_.data() + first_, rows_ * cols_};
  }

  /// Restores the initial state: sentinels everywhere.
  void blank() {
    const auto host = image({});
    memory_.upload(std::span<const T>(host));
  }
  /// Writes dense row-major values and renews the sentinels.
  void upload(std::span<const T> values) {
    ASSERT_EQ(static_cast<std::int64_t>(values.size()), rows_ * cols_);
    const auto host = image(values);
    memory_.upload(std::span<const T>(host));
  }
  /// Dense row-major values, without padding. Waits for the device.
  std::vector<T> to_host() const {
    const auto host = memory_.to_host();
    std::vector<T> values(static_cast<std::size_t>(rows_ * cols_));
    for (std::int64_t row = 0; row < rows_; ++row) {
      std::copy_n(host.begin() + first_ + row * stride_, cols_, values.begin() + row * cols_);
    }
    return values;
  }
  /// Fails, with the place, if anything but the values was written.
  testing::AssertionResult intact() const {
    const auto host = memory_.to_host();
    for (std::int64_t i = 0; i < memory_.size(); ++i) {
      const std::int64_t offset = i - first_;
      const bool inside = offset >= 0 && offset < rows_ * stride_ && offset % stride_ < cols_;
      if (inside || is_sentinel(host[static_cast<std::size_t>(i)])) continue;
      return testing::AssertionFailure() << "written outside: " << offset << " elements from the first of ["
                                         << rows_ << ", " << cols_ << "], stride " << stride_;
    }
    return testing::AssertionSuccess();
  }

 private:
  static constexpr std::int64_t kGuard = 256 / sizeof(T) > 64 ? 256 : 64;  ///< elements; keeps the alignment

  static bool is_sentinel(const T& value) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    for (unsigned char byte : bytes) {
      if (byte != 0xff) return false;
    }
    return true;
  }
  std::vector<T> image(std::span<const T> values) const {
    std::vector<T> host(static_cast<std::size_t>(memory_.size()));
    std::memset(static_cast<void*>(host.data()), 0xff, sizeof(T) * host.size());
    if (values.empty()) return host;
    for (std::int64_t row = 0; row < rows_; ++row) {
      std::copy_n(values.begin() + row * cols_, cols_, host.begin() + first_ + row * stride_);
    }
    return host;
  }

  std::int64_t rows_, cols_, stride_, first_;
  Buffer<T> memory_;
};

}  // namespace elbo::test
