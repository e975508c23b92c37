#include "evaluation/label_accuracy.h"

#include <algorithm>
#include <vector>

#include "evaluation/host_copies.h"

namespace elbo {

std::optional<double> label_accuracy(const Vae& vae, const EvaluationData& data,
                                     std::span<const std::int32_t> labels, const Workspace& workspace) {
  if (labels.empty()) return std::nullopt;
  HostCopies copies(vae.context());
  std::vector<float> logits;
  std::size_t example = 0;
  std::int64_t labelled = 0, right = 0;
  for_each_batch(workspace, data, [&](const Batch& batch) {
    vae.encode(batch);
    copies.request(logits, batch.logits());
    copies.wait();
    for (std::int64_t i = 0; i < batch.rows(); ++i, ++example) {
      if (labels[example] == kNoLabel) continue;
      const auto row = logits.begin() + i * batch.logits().stride;
      right += std::max_element(row, row + batch.logits().cols) - row == labels[example];
      ++labelled;
    }
  });
  if (labelled == 0) return std::nullopt;
  return static_cast<double>(right) / static_cast<double>(labelled);
}

}  // namespace elbo
