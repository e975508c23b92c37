#include <cmath>
#include <numbers>

#include "base/check.h"
#include "base/normal_quantile.h"
#include "ops/hamiltonian.h"
#include "ops/host_noise.h"
#include "vae/prior/grid.h"
#include "vae/prior/standard_normal.h"

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

}  // namespace

std::optional<double> StandardNormal::unit_kl(double mean, double log_variance) const {
  return 0.5 * (mean * mean + std::exp(log_variance) - log_variance - 1.0);
}

std::unique_ptr<HostPrior> StandardNormal::on_host(const nn::Run&, const Batch&) const {
  return standard_normal_on_host(latent_);
}

void StandardNormal::leapfrog(const nn::Run& run, const Batch& batch, MatrixView<float> velocity,
                              MatrixView<const float> gradient, float temperature, float kick,
                              float drift) const {
  ops::leapfrog(run.context, batch.relative_z(), velocity, gradient, temperature, kick, drift);
}

void StandardNormal::hamiltonian(const nn::Run& run, const Batch& batch, VectorView<float> energy,
                                 MatrixView<const float> velocity, VectorView<const float> nll,
                                 float temperature) const {
  ops::hamiltonian(run.context, energy, batch.relative_z(), velocity, nll, temperature);
}

std::unique_ptr<HostPrior> standard_normal_on_host(std::int64_t latent) {
  return std::make_unique<HostStandardNormal>(latent);
}

std::unique_ptr<Prior> make_standard_normal(const ModelConfig& config) {
  return std::make_unique<StandardNormal>(config.latent);
}

}  // namespace elbo
