#pragma once
// A batch's data on the host.

#include <vector>

#include "evaluation/evaluation_batches.h"

namespace elbo {

/// The rows of x and of the mask, batch after batch.
class HostBatch {
 public:
  explicit HostBatch(const Vae& vae) : vae_(vae) {}

  /// Asks the device for them.
  void request(const Activations& a) {
    HostCopies copies(vae_.context());
    // Rows lie a stride apart; the last one ends at its last column.
    const auto values = [&](std::int64_t stride) { return (a.rows - 1) * stride + vae_.config().dims; };
    copies.request(x_, a.x.data, values(a.x.stride));
    if (!a.mask.empty()) copies.request(mask_, a.mask.data, values(a.mask.stride));
    x_stride_ = a.x.stride;
    mask_stride_ = a.mask.stride;
  }

  // Once the context is synchronised after request():

  const float* x(std::int64_t row) const { return x_.data() + row * x_stride_; }
  /// Whether value j of a row is there.
  bool present(std::int64_t row, std::int64_t j) const {
    return mask_.empty() || mask_[static_cast<std::size_t>(row * mask_stride_ + j)] != 0.0f;
  }

 private:
  const Vae& vae_;
  std::vector<float> x_, mask_;
  std::int64_t x_stride_ = 0, mask_stride_ = 0;
};

}  // namespace elbo
