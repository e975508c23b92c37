#include "evaluation/squared_errors.h"

namespace elbo {

SquaredErrors::SquaredErrors(const Vae& vae, std::int64_t rows, std::span<const float> deviation)
    : vae_(vae), deviation_(deviation), expected_(vae.context(), rows * vae.config().dims) {}

void SquaredErrors::request(const Batch& batch) {
  const MatrixView<float> mean = expected_.matrix(batch.rows(), vae_.config().dims);
  vae_.likelihood().mean(vae_.run(), mean, batch.parameters());
  HostCopies(vae_.context()).request(reconstruction_, mean);
}

std::vector<double> SquaredErrors::of_rows(const Batch& batch, const HostBatch& host) const {
  const std::int64_t dims = vae_.config().dims;
  const Likelihood& likelihood = vae_.likelihood();
  const bool scaled = !deviation_.empty() && likelihood.measure() != Measure::columns;
  std::vector<double> errors;
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    double sum = 0.0;
    for (std::int64_t j = 0; j < dims; ++j) {
      if (!host.present(i, j)) continue;
      const double scale = scaled ? deviation_[static_cast<std::size_t>(j)] : 1.0;
      const double value = host.x(i)[j];
      sum += likelihood.error(j, scale * (value - reconstruction_[static_cast<std::size_t>(i * dims + j)]));
    }
    errors.push_back(sum);
  }
  return errors;
}

}  // namespace elbo
