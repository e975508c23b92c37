#include "evaluation/squared_errors.h"

namespace elbo {

SquaredErrors::SquaredErrors(const Vae& vae, std::int64_t rows, std::span<const float> deviation)
    : vae_(vae), deviation_(deviation), expected_(vae.context(), rows * vae.config().dims) {}

void SquaredErrors::request(const Activations& a) {
  Context& context = vae_.context();
  const ModelConfig& config = vae_.config();
  ops::likelihood_mean(context, config.likelihood, config.constants, expected_.matrix(a.rows, config.dims),
                       a.decoder.back().y);
  HostCopies(context).request(reconstruction_, expected_.data(), a.rows * config.dims);
}

std::vector<double> SquaredErrors::of_rows(const Activations& a, const HostBatch& batch) const {
  const std::int64_t dims = vae_.config().dims;
  const bool classes = likelihood_measure(vae_.config().likelihood) == Measure::classes;
  std::vector<double> errors;
  for (std::int64_t i = 0; i < a.rows; ++i) {
    double sum = 0.0;
    for (std::int64_t j = 0; j < dims; ++j) {
      if (!batch.present(i, j)) continue;
      const double scale = deviation_.empty() ? 1.0 : deviation_[static_cast<std::size_t>(j)];
      const double value = batch.x(i)[j];
      const double error = scale * (value - reconstruction_[static_cast<std::size_t>(i * dims + j)]);
      sum += classes ? (error != 0.0) : error * error;
    }
    errors.push_back(sum);
  }
  return errors;
}

}  // namespace elbo
