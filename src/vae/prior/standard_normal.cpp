#include <cmath>

#include "base/check.h"
#include "base/normal_quantile.h"
#include "ops/host_noise.h"
#include "vae/prior/prior.h"

namespace elbo {
namespace {

class StandardNormal final : public Prior {
 public:
  explicit StandardNormal(std::int64_t latent) : latent_(latent) {}

  bool is_standard_normal() const override { return true; }
  Table codes(std::int64_t count, std::uint64_t seed, std::int64_t first) const override {
    Table codes{count, latent_, std::vector<float>(static_cast<std::size_t>(count * latent_))};
    for (std::int64_t i = 0; i < count; ++i) {
      fill_normal({codes.values.data() + i * latent_, static_cast<std::size_t>(latent_)}, seed,
                  NoisePurpose::prior_sample, first + i);
    }
    return codes;
  }
  // Coordinates are quantiles of (i + ½)/side.
  Table grid(std::int64_t side) const override {
    if (latent_ != 2) throw ConfigError(concat("a grid is of codes with two dimensions, not ", latent_));
    std::vector<float> quantiles;
    for (std::int64_t i = 0; i < side; ++i) {
      const double share = (static_cast<double>(i) + 0.5) / static_cast<double>(side);
      quantiles.push_back(static_cast<float>(normal_quantile(share)));
    }
    Table grid{side * side, 2, {}};
    for (std::int64_t row = side; row-- > 0;) {
      const float y = quantiles[static_cast<std::size_t>(row)];
      for (const float x : quantiles) grid.values.insert(grid.values.end(), {x, y});
    }
    return grid;
  }
  double unit_kl(double mean, double log_variance) const override {
    return 0.5 * (mean * mean + std::exp(log_variance) - log_variance - 1.0);
  }
  void from_normal(Context&, MatrixView<float>) const override {}
  void leapfrog(Context& context, MatrixView<float> z, MatrixView<float> velocity,
                MatrixView<const float> gradient, float temperature, float kick, float drift) const override {
    ops::leapfrog(context, z, velocity, gradient, temperature, kick, drift);
  }
  void hamiltonian(Context& context, VectorView<float> energy, MatrixView<const float> z,
                   MatrixView<const float> velocity, VectorView<const float> nll,
                   float temperature) const override {
    ops::hamiltonian(context, energy, z, velocity, nll, temperature);
  }

 private:
  std::int64_t latent_;
};

}  // namespace

std::unique_ptr<Prior> make_standard_normal(const ModelConfig& config) {
  return std::make_unique<StandardNormal>(config.latent);
}

}  // namespace elbo
