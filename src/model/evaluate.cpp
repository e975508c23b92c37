#include "model/evaluate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "runtime/check.h"

namespace elbo {
namespace {

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

double sum(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Mean and spread by Welford's update, so that a large mean does not eat the variance.
class RunningMoments {
 public:
  void add(double value) {
    ++count_;
    const double before = value - mean_;
    mean_ += before / static_cast<double>(count_);
    squares_ += before * (value - mean_);
  }
  double mean() const { return mean_; }
  double variance() const { return count_ > 0 ? squares_ / static_cast<double>(count_) : 0.0; }
  double standard_error() const {
    if (count_ < 2) return 0.0;
    return std::sqrt(squares_ / static_cast<double>(count_ - 1) / static_cast<double>(count_));
  }

 private:
  std::int64_t count_ = 0;
  double mean_ = 0.0;
  double squares_ = 0.0;
};

/// log Σ exp of values that come one at a time.
class RunningLogSumExp {
 public:
  void add(double value) {
    if (value > largest_) {
      scaled_ = scaled_ * std::exp(largest_ - value) + 1.0;
      largest_ = value;
    } else {
      scaled_ += std::exp(value - largest_);  // NaN lands here and stays
    }
  }
  double value() const { return largest_ + std::log(scaled_); }

 private:
  double largest_ = -INFINITY;
  double scaled_ = 0.0;
};

void require_examples(const EvaluationData& data) {
  if (data.count < 1) throw DataError("there are no examples to evaluate");
}

/// Calls visit(a) for every batch, with a.x and a.examples filled.
void for_each_batch(const Workspace& workspace, const EvaluationData& data,
                    const std::function<void(const Activations&)>& visit) {
  require_examples(data);
  for (std::int64_t first = 0; first < data.count; first += workspace.capacity()) {
    const Activations a = workspace.rows(std::min(workspace.capacity(), data.count - first));
    data.fill(a, first);
    visit(a);
  }
}

/// From sums over all examples.
ElboTerms to_terms(double nll, double kl, const EvaluationData& data) {
  const auto n = static_cast<double>(data.count);
  const double reconstruction = nll / n + data.log_volume;
  return {.elbo = -(reconstruction + kl / n), .reconstruction = reconstruction, .kl = kl / n};
}

constexpr double kActiveVariance = 0.01;  // Burda et al. 2016, section 5.2

}  // namespace

std::int64_t evaluation_rows(const Context& context) {
  return context.is_cuda() ? 4096 : 512;
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
  const Workspace workspace(vae, std::min(evaluation_rows(context), std::max<std::int64_t>(data.count, 1)));
  Buffer<float> expected(context, workspace.capacity() * config.dims);
  HostCopies copies(context);
  std::vector<float> nll, kl, head, x, mask, reconstruction;
  std::vector<RunningMoments> means(static_cast<std::size_t>(config.latent));
  double nll_total = 0.0, kl_total = 0.0, squared_error = 0.0;

  for_each_batch(workspace, data, [&](const Activations& a) {
    vae.forward(a, {.seed = seed, .purpose = NoisePurpose::reparameterize});
    ops::likelihood_mean(context, config.likelihood, config.constants, expected.matrix(a.rows, config.dims),
                         a.decoder.back().y);
    copies.request(nll, a.nll.data, a.nll.size);
    copies.request(kl, a.kl.data, a.kl.size);
    copies.request(head, a.encoder.back().y.data, a.rows * config.head_width());
    // Rows of x lie a stride apart, and end where the memory does: with their mask where that is beside them.
    copies.request(x, a.input.data, a.rows * a.x.stride);
    if (!a.mask.empty()) copies.request(mask, a.mask.data, (a.rows - 1) * a.mask.stride + config.dims);
    copies.request(reconstruction, expected.data(), a.rows * config.dims);
    copies.wait();
    nll_total += sum(nll);
    kl_total += sum(kl);
    for (std::int64_t i = 0; i < a.rows; ++i) {
      for (std::int64_t j = 0; j < config.dims; ++j) {
        if (!mask.empty() && mask[static_cast<std::size_t>(i * a.mask.stride + j)] == 0.0f) continue;
        const double scale = data.deviation.empty() ? 1.0 : data.deviation[static_cast<std::size_t>(j)];
        const double value = x[static_cast<std::size_t>(i * a.x.stride + j)];
        const double error = scale * (value - reconstruction[static_cast<std::size_t>(i * config.dims + j)]);
        squared_error += error * error;
      }
      for (std::int64_t d = 0; d < config.latent; ++d) {
        means[static_cast<std::size_t>(d)].add(head[static_cast<std::size_t>(i * config.head_width() + d)]);
      }
    }
  });

  Evaluation result;
  result.examples = data.count;
  result.terms = to_terms(nll_total, kl_total, data);
  result.squared_error = squared_error / static_cast<double>(data.count);
  result.active_units =
      std::count_if(means.begin(), means.end(), [](const auto& m) { return m.variance() > kActiveVariance; });
  return result;
}

void require_density(const ModelConfig& config) {
  if (!config.variational) throw ConfigError("an autoencoder has no NLL: it defines no density over data");
}

NllEstimate importance_weighted_nll(const Vae& vae, const EvaluationData& data, std::int64_t samples,
                                    std::uint64_t seed) {
  require_examples(data);
  if (!vae.config().variational)
    throw ConfigError("an autoencoder has no NLL: it defines no density over data");
  if (samples < 1) throw ConfigError(concat("an NLL needs at least one sample, not ", samples));
  Context& context = vae.context();
  const std::int64_t budget = evaluation_rows(context);  // decoder rows at a time
  const std::int64_t chunk = std::min<std::int64_t>(samples, 64);
  const std::int64_t rows = std::min(std::max<std::int64_t>(budget / chunk, 1), data.count);
  const Workspace workspace(vae, rows, chunk);
  HostCopies copies(context);
  std::vector<float> nll, log_ratio;
  RunningMoments moments;

  for_each_batch(workspace, data, [&](const Activations& a) {
    std::vector<RunningLogSumExp> weights(static_cast<std::size_t>(a.rows));
    vae.encode(a);
    for (std::int64_t first = 0; first < samples; first += chunk) {
      vae.sample(a, {.seed = seed, .purpose = NoisePurpose::importance, .first_sample = first});
      vae.decode(a);
      vae.score(a, {}, false);
      copies.request(nll, a.nll.data, a.nll.size);
      copies.request(log_ratio, a.log_ratio.data, a.log_ratio.size);
      copies.wait();
      // The last chunk draws whole too; what goes past K is left out.
      const std::int64_t wanted = std::min(chunk, samples - first);
      for (std::int64_t i = 0; i < a.rows; ++i) {
        for (std::int64_t k = 0; k < wanted; ++k) {
          const auto at = static_cast<std::size_t>(i * chunk + k);
          weights[static_cast<std::size_t>(i)].add(-static_cast<double>(nll[at]) - log_ratio[at]);
        }
      }
    }
    for (const auto& w : weights) moments.add(std::log(static_cast<double>(samples)) - w.value());
  });
  return {moments.mean() + data.log_volume, moments.standard_error()};
}

}  // namespace elbo
