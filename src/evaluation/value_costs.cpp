#include "evaluation/value_costs.h"

#include <algorithm>
#include <cmath>

namespace elbo {

ValueCosts::ValueCosts(const Vae& vae, std::span<const float> deviation)
    : context_(vae.context()),
      formulas_(vae.likelihood().on_host(vae.run())),
      log_deviation_(static_cast<std::size_t>(vae.config().dims)),
      sums_(log_deviation_.size()) {
  for (std::size_t j = 0; j < deviation.size(); ++j)
    log_deviation_[j] = std::log(static_cast<double>(deviation[j]));
}

void ValueCosts::request(const Batch& batch) {
  HostCopies(context_).request(parameters_, batch.parameters());
}

// One thread adds up each value's sum, so the number of threads does not change it.
void ValueCosts::add(const Batch& batch, const HostBatch& host) {
  constexpr std::int64_t kBlock = 64;
  const std::int64_t dims = std::ssize(sums_), stride = batch.parameters().stride;
  parallel_spans(context_.team(), dims, kBlock, true, [&](std::int64_t block, std::int64_t end) {
    double costs[kBlock];
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      formulas_->costs(host.x(i), parameters_.data() + i * stride, block, end - block, costs);
      for (std::int64_t j = block; j < end; ++j) {
        if (!host.present(i, j)) continue;
        const auto at = static_cast<std::size_t>(j);
        sums_[at] += costs[j - block] + log_deviation_[at];
      }
    }
  });
}

}  // namespace elbo
