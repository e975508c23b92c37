#include "evaluation/importance.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "evaluation/host_copies.h"
#include "base/check.h"
#include "base/running.h"

namespace elbo {
namespace {

/// Accumulates K weights one by one.
class Weights {
 public:
  void add(double nll, double log_ratio) {
    sum_.add(-nll - log_ratio);
    squares_.add(2.0 * (-nll - log_ratio));
    nll_ += nll;
    log_ratio_ += log_ratio;
    ++count_;
  }
  /// The KL's estimate from the samples.
  double mean_log_ratio() const { return log_ratio_ / static_cast<double>(count_); }
  ImportanceEstimate estimate(double log_volume, double kl) const {
    const auto n = static_cast<double>(count_);
    return {.nll = std::log(n) - sum_.value() + log_volume,
            .reconstruction = nll_ / n + log_volume,
            .kl = kl,
            .effective_samples = std::exp(2.0 * sum_.value() - squares_.value())};
  }

 private:
  RunningLogSumExp sum_, squares_;
  double nll_ = 0.0, log_ratio_ = 0.0;
  std::int64_t count_ = 0;
};

}  // namespace

ImportanceBatch importance_batch(std::int64_t budget, std::int64_t samples) {
  const std::int64_t chunk = std::min<std::int64_t>(samples, 64);
  return {std::max<std::int64_t>(budget / chunk, 1), chunk};
}

void for_each_importance_estimate(const Vae& vae, const EvaluationData& data, std::int64_t samples,
                                  std::uint64_t seed,
                                  const std::function<void(std::int64_t, const ImportanceEstimate&)>& visit) {
  require_examples(data);
  require_density(vae);
  if (samples < 1) throw ConfigError(concat("an NLL needs at least one sample, not ", samples));
  Context& context = vae.context();
  const ImportanceBatch size = importance_batch(evaluation_rows(vae), samples);
  const std::int64_t chunk = size.samples;
  const Workspace workspace(vae, std::min(size.rows, data.count), chunk);
  HostCopies copies(context);
  std::vector<float> nll, log_ratio, kl;
  std::int64_t visited = 0;
  const bool by_sample = !vae.prior()->has_unit_kl();

  for_each_batch(workspace, data, [&](const Batch& batch) {
    std::vector<Weights> weights(static_cast<std::size_t>(batch.rows()));
    vae.encode(batch);
    for (std::int64_t first = 0; first < samples; first += chunk) {
      vae.sample(batch, {.seed = seed, .purpose = NoisePurpose::importance, .first_sample = first});
      vae.decode(batch);
      vae.score(batch);
      copies.request(nll, batch.nll());
      copies.request(log_ratio, batch.log_ratio());
      copies.request(kl, batch.kl());
      copies.wait();
      // The last chunk is drawn whole too; samples beyond K are left out.
      const std::int64_t wanted = std::min(chunk, samples - first);
      for (std::int64_t i = 0; i < batch.rows(); ++i) {
        for (std::int64_t k = 0; k < wanted; ++k) {
          const auto at = static_cast<std::size_t>(i * chunk + k);
          weights[static_cast<std::size_t>(i)].add(nll[at], log_ratio[at]);
        }
      }
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double of_example = by_sample ? weights[i].mean_log_ratio() : kl[i];
      visit(visited, weights[i].estimate(data.log_volume(visited), of_example));
      ++visited;
    }
  });
}

NllEstimate importance_weighted_nll(const Vae& vae, const EvaluationData& data, std::int64_t samples,
                                    std::uint64_t seed) {
  RunningMoments nll, effective;
  std::vector<double> examples;
  for_each_importance_estimate(vae, data, samples, seed,
                               [&](std::int64_t, const ImportanceEstimate& estimate) {
                                 nll.add(estimate.nll);
                                 effective.add(estimate.effective_samples);
                                 examples.push_back(estimate.nll);
                               });
  return {samples, nll.mean(), nll.standard_error(), effective.mean(), std::move(examples)};
}

}  // namespace elbo
