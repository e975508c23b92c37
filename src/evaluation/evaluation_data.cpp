#include "evaluation/evaluation_data.h"

#include <algorithm>

#include "elbo/error.h"

namespace elbo {

std::int64_t evaluation_rows(const Vae& vae) {
  return evaluation_rows(vae.parts().plan, vae.context().device());
}

std::int64_t evaluation_rows(const nn::Plan& plan, const Device& device) {
  constexpr std::int64_t kMaxValues = std::int64_t{1}
                                      << 26;  // bytes of one matrix, such as one-hot classes or channels
  std::int64_t widest = 1;
  for (const nn::SlotInfo& slot : plan.slots()) {
    if (slot.rows != nn::Rows::one) widest = std::max(widest, slot.cols);
  }
  return std::clamp<std::int64_t>(kMaxValues / widest, 1, device.is_cuda() ? 4096 : 512);
}

std::int64_t evaluation_rows(const Vae& vae, const EvaluationData& data) {
  return std::min(evaluation_rows(vae), std::max<std::int64_t>(data.count, 1));
}

std::int64_t bound_rows(const VaeParts& parts, const Device& device, std::int64_t count) {
  const std::int64_t classes = parts.condition.inferred() ? parts.condition.classes() : 1;
  const std::int64_t rows = std::max<std::int64_t>(evaluation_rows(parts.plan, device) / classes, 1);
  return std::min(rows, std::max<std::int64_t>(count, 1));
}

std::int64_t bound_rows(const Vae& vae, std::int64_t count) {
  return bound_rows(vae.parts(), vae.context().device(), count);
}

void require_examples(const EvaluationData& data) {
  if (data.count < 1) throw DataError("there are no examples to evaluate");
}

void for_each_batch(const Workspace& workspace, const EvaluationData& data,
                    const std::function<void(const Batch&)>& visit) {
  require_examples(data);
  workspace.prepare();
  for (std::int64_t first = 0; first < data.count; first += workspace.capacity()) {
    const Batch batch = workspace.rows(std::min(workspace.capacity(), data.count - first));
    data.fill(batch, first);
    visit(batch);
  }
}

void for_each_chunk(const Vae& vae, std::int64_t count,
                    const std::function<void(const Batch&, std::int64_t)>& visit) {
  if (count == 0) return;
  const Workspace workspace(vae, std::min(count, evaluation_rows(vae)));
  for (std::int64_t first = 0; first < count; first += workspace.capacity()) {
    visit(workspace.rows(std::min(workspace.capacity(), count - first)), first);
  }
}

}  // namespace elbo
