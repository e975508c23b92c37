#include "evaluation/aggregate_posterior.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "elbo/device.h"
#include "elbo/error.h"
#include "ops/host_noise.h"
#include "base/running.h"
#include "base/parallel.h"

namespace elbo {
namespace {

/// log Σ_j q(z|x_j) for any z, without the constant −½ latent log 2π. Tables are stored dimension by
/// dimension, so that the loop over the mixture's parts reads memory in order.
class Mixture {
 public:
  explicit Mixture(const Posterior& posterior)
      : parts_(static_cast<std::size_t>(posterior.mean.rows)),
        latent_(static_cast<std::size_t>(posterior.mean.cols)),
        mean_(parts_ * latent_),
        half_precision_(parts_ * latent_),
        half_log_determinant_(parts_) {
    for (std::size_t j = 0; j < parts_; ++j) {
      double half = 0.0;
      for (std::size_t d = 0; d < latent_; ++d) {
        const double log_variance = posterior.log_variance.values[j * latent_ + d];
        mean_[d * parts_ + j] = posterior.mean.values[j * latent_ + d];
        half_precision_[d * parts_ + j] = static_cast<float>(0.5 * std::exp(-log_variance));
        half += 0.5 * log_variance;
      }
      half_log_determinant_[j] = static_cast<float>(half);
    }
  }

  double log_sum(const float* z) const {
    constexpr std::size_t kTile = 512;
    float minus_log[kTile];
    RunningLogSumExp sum;
    for (std::size_t first = 0; first < parts_; first += kTile) {
      const std::size_t count = std::min(kTile, parts_ - first);
      std::copy_n(half_log_determinant_.data() + first, count, minus_log);
      for (std::size_t d = 0; d < latent_; ++d) {
        const float* mean = mean_.data() + d * parts_ + first;
        const float* half_precision = half_precision_.data() + d * parts_ + first;
        const float value = z[d];
        for (std::size_t j = 0; j < count; ++j) {
          minus_log[j] += (value - mean[j]) * (value - mean[j]) * half_precision[j];
        }
      }
      for (std::size_t j = 0; j < count; ++j) sum.add(-static_cast<double>(minus_log[j]));
    }
    return sum.value();
  }

 private:
  std::size_t parts_, latent_;
  std::vector<float> mean_, half_precision_;  // [latent, parts]
  std::vector<float> half_log_determinant_;   // [parts]
};

/// Samples of each example: few examples get more of them, so that the estimates are about as exact.
std::int64_t draws_of(std::int64_t examples) {
  constexpr std::int64_t kSamples = 10'000, kMaxDraws = 200;
  return std::clamp<std::int64_t>((kSamples + examples - 1) / examples, 1, kMaxDraws);
}

}  // namespace

AggregatePosterior divide_kl(const Posterior& posterior, const Prior& prior, const HostPrior& on_host,
                             std::uint64_t seed) {
  const std::int64_t n = posterior.mean.rows;
  const auto latent = static_cast<std::size_t>(posterior.mean.cols);
  if (n < 1) throw DataError("there are no examples to evaluate");
  const Mixture mixture(posterior);
  const std::int64_t draws = draws_of(n);
  std::vector<double> log_ratio(static_cast<std::size_t>(n)), kl(log_ratio.size());
  ParallelError error;
  const auto add_draw = [&](std::int64_t i, std::int64_t draw) {
    std::vector<float> z(latent);
    fill_normal(z, seed, NoisePurpose::reparameterize, i, draw * ((std::ssize(z) + 3) / 4 * 4));
    double log_q = 0.0, divergence = 0.0;  // log q(z|x_i) without its constant, and KL(q(z|x_i) ‖ p(z))
    for (std::size_t d = 0; d < latent; ++d) {
      const double mean = posterior.mean.row(i)[d], log_variance = posterior.log_variance.row(i)[d];
      const double noise = z[d];
      log_q -= 0.5 * (log_variance + noise * noise);
      divergence += prior.unit_kl(mean, log_variance).value_or(0.0);
      z[d] = static_cast<float>(mean + std::exp(0.5 * log_variance) * noise);
    }
    const auto at = static_cast<std::size_t>(i);
    const double share = 1.0 / static_cast<double>(draws);
    log_ratio[at] += share * (log_q - mixture.log_sum(z.data()));
    const double constant = 0.5 * static_cast<double>(latent) * std::log(2.0 * std::numbers::pi);
    kl[at] += share * (prior.has_unit_kl() ? divergence : log_q - constant - on_host.log_density(z));
  };
#pragma omp parallel for schedule(static) num_threads(cpu_threads())
  for (std::int64_t i = 0; i < n; ++i) {
    error.guard([&] {
      for (std::int64_t draw = 0; draw < draws; ++draw) add_draw(i, draw);
    });
  }
  error.rethrow();
  const auto count = static_cast<double>(n);
  AggregatePosterior result;
  result.examples = n;
  result.draws = draws;
  result.kl = std::accumulate(kl.begin(), kl.end(), 0.0) / count;
  RunningMoments ratios;
  for (const double ratio : log_ratio) ratios.add(ratio);
  result.standard_error = ratios.standard_error();
  // The mixture over all n includes each sample's own part, so no term exceeds log n, but for rounding.
  result.mutual_information = std::min(ratios.mean() + std::log(count), std::log(count));
  result.divergence = result.kl - result.mutual_information;
  return result;
}

}  // namespace elbo
