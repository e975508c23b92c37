#include "evaluation/evaluate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "evaluation/evaluation_batches.h"
#include "base/running.h"
#include "evaluation/squared_errors.h"
#include "evaluation/value_costs.h"

namespace elbo {
namespace {

double sum(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// From sums over all examples.
ElboTerms to_terms(double nll, double kl, const EvaluationData& data) {
  const auto n = static_cast<double>(data.count);
  const double volumes = std::accumulate(data.log_volumes.begin(), data.log_volumes.end(), 0.0);
  const double reconstruction = (nll + volumes) / n;
  return {.elbo = -(reconstruction + kl / n), .reconstruction = reconstruction, .kl = kl / n};
}

/// What the heads of all batches say of each latent dimension.
class Units {
 public:
  explicit Units(const ModelConfig& config)
      : width_(config.head_width()),
        variational_(config.variational),
        mean_(static_cast<std::size_t>(config.latent)),
        kl_(mean_.size()) {}

  void add(const std::vector<float>& head, std::int64_t rows) {
    for (std::int64_t i = 0; i < rows; ++i) {
      const float* row = head.data() + i * width_;
      for (std::size_t d = 0; d < mean_.size(); ++d) {
        const double mean = row[d];
        mean_[d].add(mean);
        if (!variational_) continue;
        const double log_variance = row[mean_.size() + d];
        kl_[d].add(0.5 * (mean * mean + std::exp(log_variance) - log_variance - 1.0));
      }
    }
  }

  std::vector<LatentUnit> result() const {
    std::vector<LatentUnit> units;
    for (std::size_t d = 0; d < mean_.size(); ++d) units.push_back({kl_[d].mean(), mean_[d].variance()});
    return units;
  }

 private:
  std::int64_t width_;
  bool variational_;
  std::vector<RunningMoments> mean_, kl_;
};

}  // namespace

std::int64_t evaluation_rows(const Vae& vae) {
  constexpr std::int64_t kMostValues = std::int64_t{1} << 26;  // of one matrix, as of classes one by one
  const ModelConfig& config = vae.config();
  const std::int64_t width = std::max(config.input_width(), config.output_width());
  return std::clamp<std::int64_t>(kMostValues / width, 1, vae.context().is_cuda() ? 4096 : 512);
}

ElboTerms evaluate_elbo(const Vae& vae, const EvaluationData& data, std::uint64_t seed,
                        const Workspace& workspace) {
  HostCopies copies(vae.context());
  std::vector<float> nll, kl;
  double nll_total = 0.0, kl_total = 0.0;
  for_each_batch(workspace, data, [&](const Activations& a) {
    vae.forward(a, {.seed = seed, .purpose = NoisePurpose::reparameterize});
    copies.request(nll, a.nll.data, a.nll.size);
    copies.request(kl, a.kl.data, a.kl.size);
    copies.wait();
    nll_total += sum(nll) / static_cast<double>(a.samples);
    kl_total += sum(kl);
  });
  return to_terms(nll_total, kl_total, data);
}

Evaluation evaluate_all(const Vae& vae, const EvaluationData& data, std::uint64_t seed) {
  Context& context = vae.context();
  const ModelConfig& config = vae.config();
  const Workspace workspace(vae, std::min(evaluation_rows(vae), std::max<std::int64_t>(data.count, 1)));
  SquaredErrors errors(vae, workspace.capacity(), data.deviation);
  ValueCosts values(vae, data.deviation);
  HostBatch batch(vae);
  HostCopies copies(context);
  std::vector<float> nll, kl, head;
  Units units(config);
  double nll_total = 0.0, kl_total = 0.0, squared_error = 0.0;
  std::vector<double> example_elbo;

  for_each_batch(workspace, data, [&](const Activations& a) {
    vae.forward(a, {.seed = seed, .purpose = NoisePurpose::reparameterize});
    batch.request(a);
    errors.request(a);
    values.request(a);
    copies.request(nll, a.nll.data, a.nll.size);
    copies.request(kl, a.kl.data, a.kl.size);
    copies.request(head, a.encoder.back().y.data, a.rows * config.head_width());
    copies.wait();
    nll_total += sum(nll);
    kl_total += sum(kl);
    for (const double error : errors.of_rows(a, batch)) squared_error += error;
    values.add(a, batch);
    for (std::size_t i = 0; config.variational && i < nll.size(); ++i) {
      const double volume = data.log_volume(std::ssize(example_elbo));
      example_elbo.push_back(-(static_cast<double>(nll[i]) + volume + static_cast<double>(kl[i])));
    }
    units.add(head, a.rows);
  });

  Evaluation result;
  result.examples = data.count;
  result.terms = to_terms(nll_total, kl_total, data);
  result.squared_error = squared_error / static_cast<double>(data.count);
  result.reconstruction_per_value = values.sums();
  for (double& cost : result.reconstruction_per_value) cost /= static_cast<double>(data.count);
  result.example_elbo = std::move(example_elbo);
  result.units = units.result();
  result.active_units =
      std::count_if(result.units.begin(), result.units.end(), [](const auto& unit) { return unit.active(); });
  return result;
}

void require_density(const ModelConfig& config) {
  if (!config.variational) throw ConfigError("an autoencoder has no NLL: it defines no density over data");
}

}  // namespace elbo
