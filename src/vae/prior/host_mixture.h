#pragma once
// A mixture of diagonal Gaussians on the host.

#include <vector>

#include "vae/prior/prior.h"

namespace elbo {

/// The first dimension of the numbers that choose an example's components. They follow the numbers for codes
/// with `dimensions` dimensions and start a new block.
std::int64_t first_dimension_after(std::int64_t dimensions);

class HostMixture final : public HostPrior {
 public:
  /// Takes mean and log-variance [C, latent], and log w [C].
  HostMixture(Table mean, const Table& log_variance, std::span<const float> log_weight);

  Table codes(std::int64_t count, std::uint64_t seed, std::int64_t first) const override;
  Table grid(std::int64_t side) const override;
  double log_density(std::span<const float> z) const override;

  /// Turns a standard normal code, in place, into a code of the component that `number` in [0, 1) chooses.
  void place(std::span<float> z, double number) const;
  /// The quantile of one dimension's distribution at `share`.
  double quantile(std::size_t dimension, double share) const;

 private:
  std::size_t component_of(double number) const;

  Table mean_, deviation_;
  std::vector<double> weight_;     ///< [C] w
  std::vector<double> log_scale_;  ///< [C] log w − Σ_d log σ − ½ latent log 2π
};

}  // namespace elbo
