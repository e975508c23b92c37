#pragma once
// N(0, I), the prior of z, or of z relative to a conditional prior.

#include <memory>
#include <optional>

#include "vae/prior/prior.h"

namespace elbo {

class StandardNormal : public Prior {
 public:
  explicit StandardNormal(std::int64_t latent) : latent_(latent) {}

  bool is_standard_normal() const final { return true; }
  std::optional<double> unit_kl(double mean, double log_variance) const final;
  std::unique_ptr<HostPrior> on_host(const nn::Run& run, const Batch& batch) const final;
  void leapfrog(const nn::Run& run, const Batch& batch, MatrixView<float> velocity,
                MatrixView<const float> gradient, float temperature, float kick, float drift) const final;
  void hamiltonian(const nn::Run& run, const Batch& batch, VectorView<float> energy,
                   MatrixView<const float> velocity, VectorView<const float> nll,
                   float temperature) const final;

 protected:
  std::int64_t latent() const { return latent_; }

 private:
  std::int64_t latent_;
};

}  // namespace elbo
