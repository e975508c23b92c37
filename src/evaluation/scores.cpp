#include "evaluation/scores.h"

#include "evaluation/evaluation_batches.h"
#include "evaluation/importance.h"
#include "evaluation/squared_errors.h"

namespace elbo {
namespace {

/// Of each example, with z the posterior mean, in the model's own scale.
std::vector<double> squared_errors(const Vae& vae, const EvaluationData& data) {
  Context& context = vae.context();
  const ModelConfig& config = vae.config();
  const Workspace workspace(vae, std::min(evaluation_rows(vae), std::max<std::int64_t>(data.count, 1)));
  SquaredErrors squared(vae, workspace.capacity(), {});
  HostBatch batch(vae);
  HostCopies copies(context);
  std::vector<float> head, z;
  std::vector<double> errors;
  for_each_batch(workspace, data, [&](const Activations& a) {
    vae.encode(a);
    if (config.variational) {
      copies.request(head, a.encoder.back().y.data, a.rows * config.head_width());
      copies.wait();
      z.clear();
      for (std::int64_t i = 0; i < a.rows; ++i) {
        const auto mean = head.begin() + i * config.head_width();
        z.insert(z.end(), mean, mean + config.latent);
      }
      context.copy_to_device(a.z.data, z.data(), z.size() * sizeof(float));
    }
    vae.decode(a);
    batch.request(a);
    squared.request(a);
    copies.wait();
    const std::vector<double> of_batch = squared.of_rows(a, batch);
    errors.insert(errors.end(), of_batch.begin(), of_batch.end());
  });
  return errors;
}

}  // namespace

ExampleScores example_scores(const Vae& vae, const EvaluationData& data, std::int64_t nll_samples,
                             std::uint64_t seed) {
  ExampleScores scores;
  scores.squared_error = squared_errors(vae, data);
  if (!vae.config().variational) return scores;
  for_each_importance_estimate(vae, data, std::max<std::int64_t>(nll_samples, 1), seed,
                               [&](std::int64_t, const ImportanceEstimate& estimate) {
                                 scores.negative_elbo.push_back(estimate.reconstruction + estimate.kl);
                                 if (nll_samples > 0) scores.nll.push_back(estimate.nll);
                               });
  return scores;
}

}  // namespace elbo
