#pragma once
// Cases of ops::free_bits and ops::kl_capacity.

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "ops/kl_objective.h"
#include "base/check.h"
#include "support/op_case.h"

namespace elbo::test {

struct FreeBitsCase {
  std::int64_t examples = 1;
  std::int64_t latent = 1;
  double nats = 0.5;
  bool scaled = false;  ///< β given

  std::string name() const {
    return concat("n", examples, "_latent", latent, nats == 0.0 ? "_none" : "", scaled ? "_scaled" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 8.0 * static_cast<double>(examples * latent); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(1000 * examples + latent));
    std::vector<float> mean = random.normal(examples * latent),
                       log_variance = random.normal(examples * latent);
    // Dimensions alternate between far from the prior and near it.
    for (std::int64_t i = 0; i < examples * latent; ++i) {
      const float scale = i % latent % 2 == 0 ? 1.5f : 0.05f;
      mean[static_cast<std::size_t>(i)] = scale * (1.0f + mean[static_cast<std::size_t>(i)]);
      log_variance[static_cast<std::size_t>(i)] *= scale;
    }
    constexpr float kScale = 0.6f;
    const auto divergences = [=, *this] {
      std::vector<double> kl(static_cast<std::size_t>(latent));
      for (std::size_t i = 0; i < mean.size(); ++i) {
        const double m = mean[i], s = log_variance[i];
        kl[i % static_cast<std::size_t>(latent)] +=
            0.5 * (m * m + std::exp(s) - s - 1.0) / static_cast<double>(examples);
      }
      return kl;
    };
    const auto weights = [=, *this] {
      auto kl = divergences();
      for (double& value : kl) value = value > nats ? 1.0 : 0.0;
      return kl;
    };
    const auto cost = [=, *this] {
      double total = 0.0;
      for (const double value : divergences()) total += std::max(nats, value);
      return std::vector<double>{total * (scaled ? double{kScale} : 1.0)};
    };
    const auto weights_view = run.output<float>("weights", latent, weights, Tolerance::exact());
    const auto cost_view = run.output<float>("cost", 1, cost, {1e-6, 3e-6});
    const auto mean_view = run.input<float>("mean", examples, latent, mean);
    const auto variance_view = run.input<float>("log_variance", examples, latent, log_variance);
    const float* scale = scaled ? run.input<float>("kl_weight", std::vector<float>{kScale}).data : nullptr;
    run.operation = [=, *this](Context& context) {
      ops::free_bits(context, weights_view, cost_view.data, mean_view, variance_view,
                     static_cast<float>(nats), scale);
    };
  }
};

struct KlCapacityCase {
  std::int64_t examples = 1;
  double above = 1.0;   ///< the mean KL's distance from the capacity
  bool scaled = false;  ///< β given

  std::string name() const {
    return concat("n", examples, above > 0 ? "_above" : "_below", scaled ? "_scaled" : "");
  }
  double flops() const { return 0.0; }
  double bytes() const { return 4.0 * static_cast<double>(examples); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(examples));
    const auto kl = random.uniform(examples, 5.0, 40.0);
    const double mean = std::accumulate(kl.begin(), kl.end(), 0.0) / static_cast<double>(examples);
    const auto capacity = static_cast<float>(mean - above);
    constexpr float kScale = 0.6f;
    const double weight = scaled ? double{kScale} : 1.0;
    const auto scale = [=, *this] { return std::vector<double>{above > 0 ? weight : -weight}; };
    const auto cost = [=] { return std::vector<double>{weight * std::abs(mean - double{capacity})}; };
    const auto scale_view = run.output<float>("scale", 1, scale, Tolerance::exact());
    const auto cost_view = run.output<float>("cost", 1, cost, {1e-6, 1e-6});
    const auto kl_view = run.input<float>("kl", kl);
    const auto capacity_view = run.input<float>("capacity", std::vector<float>{capacity});
    const float* weight_view =
        scaled ? run.input<float>("kl_weight", std::vector<float>{kScale}).data : nullptr;
    run.operation = [=](Context& context) {
      ops::kl_capacity(context, scale_view.data, cost_view.data, kl_view, weight_view, capacity_view.data);
    };
  }
};

}  // namespace elbo::test
