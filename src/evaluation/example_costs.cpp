#include "evaluation/example_costs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "evaluation/host_batch.h"

namespace elbo {
namespace {

/// The sums of a batch's costs over samples that come in chunks.
class Sums {
 public:
  Sums(const Vae& vae, std::span<const float> deviation)
      : context_(vae.context()),
        formulas_(vae.likelihood().on_host(vae.run())),
        dims_(vae.config().dims),
        deviation_(deviation) {}

  void begin(const Batch& batch) { sums_.assign(static_cast<std::size_t>(batch.rows() * dims_), 0.0); }

  /// Adds the first `wanted` of the batch's samples.
  void add(const Batch& batch, const HostBatch& host, std::int64_t wanted) {
    const MatrixView<const float> parameters = batch.parameters();
    HostCopies copies(context_);
    copies.request(parameters_, parameters);
    copies.wait();
    parallel_for(context_.team(), batch.rows(), true, [&](std::int64_t i) {
      add_row(i, host, parameters_.data() + i * batch.samples() * parameters.stride, parameters.stride,
              wanted);
    });
  }

  /// The average cost of value j of a row over `samples` samples, in the data's own scale.
  float average(const HostBatch& host, std::int64_t i, std::int64_t j, std::int64_t samples) const {
    if (!host.present(i, j)) return std::numeric_limits<float>::quiet_NaN();
    const double scale =
        deviation_.empty() ? 0.0 : std::log(static_cast<double>(deviation_[static_cast<std::size_t>(j)]));
    const double sum = sums_[static_cast<std::size_t>(i * dims_ + j)];
    return static_cast<float>(sum / static_cast<double>(samples) + scale);
  }

 private:
  /// Adds `count` samples of row i, whose parameters are `stride` apart.
  void add_row(std::int64_t i, const HostBatch& host, const float* parameters, std::int64_t stride,
               std::int64_t count) {
    std::vector<double> costs(static_cast<std::size_t>(dims_));
    for (std::int64_t k = 0; k < count; ++k) {
      formulas_->costs(host.x(i), parameters + k * stride, 0, dims_, costs.data());
      for (std::size_t j = 0; j < costs.size(); ++j)
        sums_[static_cast<std::size_t>(i * dims_) + j] += costs[j];
    }
  }

  Context& context_;
  std::unique_ptr<ValueFormulas> formulas_;
  std::int64_t dims_;
  std::span<const float> deviation_;
  std::vector<double> sums_;  // [rows, dims]
  std::vector<float> parameters_;
};

}  // namespace

Table example_value_costs(const Vae& vae, const EvaluationData& data, std::int64_t samples,
                          std::uint64_t seed) {
  require_examples(data);
  // The chunks are those of the importance-weighted estimates, so that the samples are the same.
  const bool drawn = vae.prior() != nullptr;
  if (!drawn) samples = 1;
  const std::int64_t chunk = std::min<std::int64_t>(samples, 64);
  const std::int64_t rows = std::min(std::max<std::int64_t>(evaluation_rows(vae) / chunk, 1), data.count);
  const Workspace workspace(vae, rows, chunk);
  const std::int64_t dims = vae.config().dims;
  HostBatch host(vae.context());
  Sums sums(vae, data.deviation);
  Table costs{data.count, dims, {}};
  costs.values.reserve(static_cast<std::size_t>(data.count * dims));
  for_each_batch(workspace, data, [&](const Batch& batch) {
    vae.encode(batch);
    host.request(batch);
    sums.begin(batch);
    for (std::int64_t first = 0; first < samples; first += chunk) {
      if (drawn) {
        vae.sample(batch, {.seed = seed, .purpose = NoisePurpose::importance, .first_sample = first});
        vae.decode(batch);
      } else {
        vae.decode_mean(batch);
      }
      sums.add(batch, host, std::min(chunk, samples - first));
    }
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      for (std::int64_t j = 0; j < dims; ++j) costs.values.push_back(sums.average(host, i, j, samples));
    }
  });
  return costs;
}

}  // namespace elbo
