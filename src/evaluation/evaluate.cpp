#include "evaluation/evaluate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "evaluation/host_batch.h"
#include "base/running.h"
#include "evaluation/squared_errors.h"
#include "evaluation/value_costs.h"

namespace elbo {
namespace {

double sum(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Averages sums over all examples.
ElboTerms to_terms(double nll, double kl, const EvaluationData& data) {
  const auto n = static_cast<double>(data.count);
  const double volumes = std::accumulate(data.log_volumes.begin(), data.log_volumes.end(), 0.0);
  const double reconstruction = (nll + volumes) / n;
  return {.elbo = -(reconstruction + kl / n), .reconstruction = reconstruction, .kl = kl / n};
}

/// Statistics of each latent dimension over all batches, relative to the prior.
class Units {
 public:
  explicit Units(const Vae& vae)
      : prior_(vae.prior()),
        has_kl_(prior_ && prior_->has_unit_kl()),
        mean_(static_cast<std::size_t>(vae.config().latent)),
        kl_(mean_.size()) {}

  /// Requests the device's values; call after encode().
  void request(const Batch& batch, HostCopies& copies) {
    copies.request(means_, batch.relative_mean());
    if (has_kl_) copies.request(log_variances_, batch.relative_log_variance());
  }
  /// Adds the batch; call once the context is synchronised after request().
  void add(const Batch& batch) {
    const std::int64_t stride = batch.relative_mean().stride;
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      for (std::size_t d = 0; d < mean_.size(); ++d) {
        const std::size_t at = static_cast<std::size_t>(i * stride) + d;
        mean_[d].add(means_[at]);
        if (has_kl_) kl_[d].add(prior_->unit_kl(means_[at], log_variances_[at]).value());
      }
    }
  }

  std::vector<LatentUnit> result() const {
    std::vector<LatentUnit> units;
    for (std::size_t d = 0; d < mean_.size(); ++d) {
      units.push_back({.kl = std::nullopt, .mean_variance = mean_[d].variance()});
      if (has_kl_) units.back().kl = kl_[d].mean();
    }
    return units;
  }

 private:
  const Prior* prior_;
  bool has_kl_;
  std::vector<RunningMoments> mean_, kl_;
  std::vector<float> means_, log_variances_;  ///< of a batch; both are parts of the head's rows
};

}  // namespace

ElboTerms evaluate_elbo(const Vae& vae, const EvaluationData& data, std::uint64_t seed,
                        const Workspace& workspace, std::vector<double>* examples) {
  HostCopies copies(vae.context());
  std::vector<float> nll, kl;
  double nll_total = 0.0, kl_total = 0.0;
  for_each_batch(workspace, data, [&](const Batch& batch) {
    vae.forward(batch, {.seed = seed, .purpose = NoisePurpose::reparameterize});
    copies.request(nll, batch.bound_nll());
    copies.request(kl, batch.bound_kl());
    copies.wait();
    nll_total += sum(nll) / static_cast<double>(batch.samples());
    kl_total += sum(kl);
    for (std::size_t i = 0; examples && i < nll.size(); ++i) {
      const double volume = data.log_volume(std::ssize(*examples));
      examples->push_back(-(static_cast<double>(nll[i]) + volume + static_cast<double>(kl[i])));
    }
  });
  return to_terms(nll_total, kl_total, data);
}

Evaluation evaluate_all(const Vae& vae, const EvaluationData& data, std::uint64_t seed) {
  Context& context = vae.context();
  const Workspace workspace(vae, evaluation_rows(vae, data));
  SquaredErrors errors(vae, workspace.capacity(), data.deviation);
  ValueCosts values(vae, data.deviation);
  HostBatch host(context);
  HostCopies copies(context);
  std::vector<float> nll, kl;
  Units units(vae);
  double nll_total = 0.0, kl_total = 0.0, squared_error = 0.0;
  std::vector<double> example_elbo;

  for_each_batch(workspace, data, [&](const Batch& batch) {
    vae.forward(batch, {.seed = seed, .purpose = NoisePurpose::reparameterize});
    host.request(batch);
    errors.request(batch);
    values.request(batch);
    copies.request(nll, batch.nll());
    copies.request(kl, batch.kl());
    units.request(batch, copies);
    copies.wait();
    nll_total += sum(nll);
    kl_total += sum(kl);
    for (const double error : errors.of_rows(batch, host)) squared_error += error;
    values.add(batch, host);
    for (std::size_t i = 0; vae.prior() && i < nll.size(); ++i) {
      const double volume = data.log_volume(std::ssize(example_elbo));
      example_elbo.push_back(-(static_cast<double>(nll[i]) + volume + static_cast<double>(kl[i])));
    }
    units.add(batch);
  });

  Evaluation result;
  result.examples = data.count;
  result.terms = to_terms(nll_total, kl_total, data);
  if (vae.parts().condition.inferred()) {  // what was summed so far has one label an example
    const Workspace bound(vae, bound_rows(vae, data.count), 1, Purpose::bound);
    example_elbo.clear();
    result.terms = evaluate_elbo(vae, data, seed, bound, &example_elbo);
  }
  result.squared_error = squared_error / static_cast<double>(data.count);
  result.reconstruction_per_value = values.sums();
  for (double& cost : result.reconstruction_per_value) cost /= static_cast<double>(data.count);
  result.example_elbo = std::move(example_elbo);
  result.units = units.result();
  result.active_units =
      std::count_if(result.units.begin(), result.units.end(), [](const auto& unit) { return unit.active(); });
  return result;
}

}  // namespace elbo
