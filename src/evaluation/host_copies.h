#pragma once
// Host copies of a batch's results on the device.

#include <vector>

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo {

/// Copies device views to the host, waiting once for all of them.
class HostCopies {
 public:
  explicit HostCopies(Context& context) : context_(&context) {}
  void request(std::vector<float>& host, VectorView<const float> device) {
    host.resize(static_cast<std::size_t>(device.size));
    if (device.size > 0) context_->copy_to_host(host.data(), device.data, host.size() * sizeof(float));
  }
  /// Copies rows that are a stride apart, including the gaps; the last row ends at its last column.
  void request(std::vector<float>& host, MatrixView<const float> device) {
    request(host, VectorView<const float>(device.data, (device.rows - 1) * device.stride + device.cols));
  }
  void wait() { context_->synchronize(); }

 private:
  Context* context_;
};

}  // namespace elbo
