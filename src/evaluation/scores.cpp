#include "evaluation/scores.h"

#include "evaluation/host_batch.h"
#include "evaluation/importance.h"
#include "evaluation/squared_errors.h"

namespace elbo {

std::vector<double> example_squared_errors(const Vae& vae, const EvaluationData& data) {
  const Workspace workspace(vae, evaluation_rows(vae, data));
  SquaredErrors squared(vae, workspace.capacity(), {});
  HostBatch host(vae.context());
  std::vector<double> errors;
  for_each_batch(workspace, data, [&](const Batch& batch) {
    vae.encode(batch);
    vae.decode_mean(batch);
    host.request(batch);
    squared.request(batch);
    vae.context().synchronize();
    const std::vector<double> of_batch = squared.of_rows(batch, host);
    errors.insert(errors.end(), of_batch.begin(), of_batch.end());
  });
  return errors;
}

ExampleScores example_scores(const Vae& vae, const EvaluationData& data, std::int64_t nll_samples,
                             std::uint64_t seed) {
  ExampleScores scores;
  scores.squared_error = example_squared_errors(vae, data);
  if (!vae.prior()) return scores;
  for_each_importance_estimate(vae, data, std::max<std::int64_t>(nll_samples, 1), seed,
                               [&](std::int64_t, const ImportanceEstimate& estimate) {
                                 scores.negative_elbo.push_back(estimate.reconstruction + estimate.kl);
                                 if (nll_samples > 0) scores.nll.push_back(estimate.nll);
                               });
  return scores;
}

}  // namespace elbo
