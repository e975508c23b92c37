#include <cmath>
#include <numbers>

#include "base/check.h"
#include "base/normal_quantile.h"
#include "ops/hamiltonian.h"
#include "ops/host_noise.h"
#include "vae/prior/grid.h"
#include "vae/prior/prior.h"

namespace elbo {
namespace {

class HostStandardNormal final : public HostPrior {
 public:
  explicit HostStandardNormal(std::int64_t latent) : latent_(latent) {}

  Table codes(std::int64_t count, std::uint64_t seed, std::int64_t first) const override {
    Table codes{count, latent_, std::vector<float>(static_cast<std::size_t>(count * latent_))};
    for (std::int64_t i = 0; i < count; ++i) {
      fill_normal({codes.values.data() + i * latent_, static_cast<std::size_t>(latent_)}, seed,
                  NoisePurpose::prior_sample, first + i);
    }
    return codes;
  }
  Table grid(std::int64_t side) const override {
    return quantile_grid(latent_, side, [](std::size_t, double share) { return normal_quantile(share); });
  }
  double log_density(std::span<const float> z) const override {
    double log = 0.0;
    for (const float value : z) log -= 0.5 * (std::log(2.0 * std::numbers::pi) + double{value} * value);
    return log;
  }

 private:
  std::int64_t latent_;
};

class StandardNormal final : public Prior {
 public:
  explicit StandardNormal(std::int64_t latent) : latent_(latent) {}

  bool is_standard_normal() const override { return true; }
  std::optional<double> unit_kl(double mean, double log_variance) const override {
    return 0.5 * (mean * mean + std::exp(log_variance) - log_variance - 1.0);
  }
  std::unique_ptr<HostPrior> on_host(const nn::Run&, const Batch&) const override {
    return standard_normal_on_host(latent_);
  }
  void leapfrog(const nn::Run& run, const Batch& batch, MatrixView<float> velocity,
                MatrixView<const float> gradient, float temperature, float kick, float drift) const override {
    ops::leapfrog(run.context, batch.z(), velocity, gradient, temperature, kick, drift);
  }
  void hamiltonian(const nn::Run& run, const Batch& batch, VectorView<float> energy,
                   MatrixView<const float> velocity, VectorView<const float> nll,
                   float temperature) const override {
    ops::hamiltonian(run.context, energy, batch.z(), velocity, nll, temperature);
  }

 private:
  std::int64_t latent_;
};

}  // namespace

std::unique_ptr<HostPrior> standard_normal_on_host(std::int64_t latent) {
  return std::make_unique<HostStandardNormal>(latent);
}

std::unique_ptr<Prior> make_standard_normal(const ModelConfig& config) {
  return std::make_unique<StandardNormal>(config.latent);
}

}  // namespace elbo
