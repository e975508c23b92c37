#pragma once
// A batch's data on the host.

#include <vector>

#include "evaluation/host_copies.h"
#include "vae/batch.h"

namespace elbo {

/// The rows of x and of the mask, batch after batch.
class HostBatch {
 public:
  explicit HostBatch(Context& context) : copies_(context) {}

  /// Requests the rows from the device.
  void request(const Batch& batch) {
    const MatrixView<const float> x = batch.x(), mask = batch.mask();
    copies_.request(x_, x);
    if (!mask.empty()) copies_.request(mask_, mask);
    x_stride_ = x.stride;
    mask_stride_ = mask.stride;
  }

  // Valid once the context is synchronised after request():

  const float* x(std::int64_t row) const { return x_.data() + row * x_stride_; }
  /// Whether value j of a row is present.
  bool present(std::int64_t row, std::int64_t j) const {
    return mask_.empty() || mask_[static_cast<std::size_t>(row * mask_stride_ + j)] != 0.0f;
  }

 private:
  HostCopies copies_;
  std::vector<float> x_, mask_;
  std::int64_t x_stride_ = 0, mask_stride_ = 0;
};

}  // namespace elbo
