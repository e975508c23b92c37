#include "model/label_probabilities.h"

#include <algorithm>
#include <cmath>

#include "base/running.h"
#include "evaluation/host_copies.h"
#include "evaluation/importance.h"

namespace elbo {
namespace {

/// softmax of one row.
void to_probabilities(std::span<const float> logits, std::span<float> probabilities) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  for (std::size_t y = 0; y < logits.size(); ++y)
    probabilities[y] = static_cast<float>(std::exp(logits[y] - largest) / sum);
}

}  // namespace

Table label_probabilities(const Vae& vae, const StoredBatches& batches) {
  const std::int64_t classes = vae.config().condition_classes;
  Table result{batches.count(), classes, {}};
  result.values.resize(static_cast<std::size_t>(result.rows * classes));
  HostCopies copies(vae.context());
  std::vector<float> logits;
  for_each_chunk(vae, batches.count(), [&](const Batch& batch, std::int64_t first) {
    batches.fill(batch, first);
    vae.encode(batch);
    copies.request(logits, batch.logits());
    copies.wait();
    const auto width = static_cast<std::size_t>(classes);
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      to_probabilities(std::span(logits).subspan(static_cast<std::size_t>(i * batch.logits().stride), width),
                       std::span(result.values).subspan(static_cast<std::size_t>(first + i) * width, width));
    }
  });
  return result;
}

std::vector<std::int32_t> likeliest_labels(const Table& probabilities) {
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    const auto row = std::span(probabilities.values)
                         .subspan(static_cast<std::size_t>(i * probabilities.cols),
                                  static_cast<std::size_t>(probabilities.cols));
    labels.push_back(static_cast<std::int32_t>(std::ranges::max_element(row) - row.begin()));
  }
  return labels;
}

NllEstimate nll_over_labels(const ModelState& state, const Examples& examples, std::int64_t samples,
                            std::uint64_t seed) {
  const std::int32_t classes = state.vae->config().condition_classes;
  const auto count = static_cast<std::size_t>(examples.count);
  // Over the labels, log Σ w and log Σ w² of all samples of an example.
  std::vector<RunningLogSumExp> weights(count), squares(count);
  for (std::int32_t y = 0; y < classes; ++y) {
    const StoredBatches batches(state, examples, seed, y);
    for_each_importance_estimate(
        *state.vae, batches.data(), samples, seed, [&](std::int64_t i, const ImportanceEstimate& estimate) {
          const auto at = static_cast<std::size_t>(i);
          weights[at].add(-estimate.nll);
          squares[at].add(-2.0 * estimate.nll - std::log(estimate.effective_samples));
        });
  }
  RunningMoments nll, effective;
  NllEstimate result;
  result.samples = samples;
  for (std::size_t i = 0; i < count; ++i) {
    result.examples.push_back(std::log(static_cast<double>(classes)) - weights[i].value());
    nll.add(result.examples.back());
    effective.add(std::exp(2.0 * weights[i].value() - squares[i].value()));
  }
  result.mean = nll.mean();
  result.standard_error = nll.standard_error();
  result.effective_samples = effective.mean();
  return result;
}

}  // namespace elbo
