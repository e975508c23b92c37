#pragma once
// How evaluations go through their data: batch by batch, with what they need copied to the host.

#include <algorithm>
#include <functional>
#include <vector>

#include "evaluation/evaluate.h"
#include "base/check.h"

namespace elbo {

/// Copies device views to the host, waiting once for all of them.
class HostCopies {
 public:
  explicit HostCopies(Context& context) : context_(&context) {}
  void request(std::vector<float>& host, const float* device, std::int64_t size) {
    host.resize(static_cast<std::size_t>(size));
    context_->copy_to_host(host.data(), device, host.size() * sizeof(float));
  }
  void wait() { context_->synchronize(); }

 private:
  Context* context_;
};

inline void require_examples(const EvaluationData& data) {
  if (data.count < 1) throw DataError("there are no examples to evaluate");
}

/// Calls visit(a) for every batch, with a.x and a.examples filled.
inline void for_each_batch(const Workspace& workspace, const EvaluationData& data,
                           const std::function<void(const Activations&)>& visit) {
  require_examples(data);
  for (std::int64_t first = 0; first < data.count; first += workspace.capacity()) {
    const Activations a = workspace.rows(std::min(workspace.capacity(), data.count - first));
    data.fill(a, first);
    visit(a);
  }
}

}  // namespace elbo
