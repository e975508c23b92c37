#include "evaluation/value_costs.h"

#include <algorithm>
#include <cmath>

#include "evaluation/decoded_value.h"

namespace elbo {

ValueCosts::ValueCosts(const Vae& vae, std::span<const float> deviation)
    : vae_(vae),
      constants_(vae.host_constants()),
      log_deviation_(static_cast<std::size_t>(vae.config().dims)),
      sums_(log_deviation_.size()) {
  for (std::size_t j = 0; j < deviation.size(); ++j)
    log_deviation_[j] = std::log(static_cast<double>(deviation[j]));
}

void ValueCosts::request(const Activations& a) {
  const MatrixView<const float> outputs = a.decoder.back().y;
  HostCopies(vae_.context()).request(parameters_, outputs.data, (a.rows - 1) * outputs.stride + outputs.cols);
}

// cost(x, first) of a value whose parameters stand at `first`, dims apart. A value's sum is one thread's, so
// that their number changes nothing.
template <class Cost>
void ValueCosts::add_rows(const Activations& a, const HostBatch& batch, const Cost& cost) {
  constexpr std::int64_t kBlock = 64;
  const std::int64_t dims = std::ssize(sums_), stride = a.decoder.back().y.stride;
#pragma omp parallel for schedule(static) num_threads(vae_.context().threads())
  for (std::int64_t block = 0; block < dims; block += kBlock) {
    for (std::int64_t i = 0; i < a.rows; ++i) {
      const float* parameters = parameters_.data() + i * stride;
      for (std::int64_t j = block; j < std::min(dims, block + kBlock); ++j) {
        if (!batch.present(i, j)) continue;
        const auto at = static_cast<std::size_t>(j);
        sums_[at] += static_cast<double>(cost(batch.x(i)[j], parameters + j)) + log_deviation_[at];
      }
    }
  }
}

void ValueCosts::add(const Activations& a, const HostBatch& batch) {
  const std::int64_t dims = vae_.config().dims;
  const auto add_by = [&](const auto& likelihood) {
    add_rows(a, batch, [&](float x, const float* first) {
      return likelihood.nll(x, DecodedValue<std::decay_t<decltype(likelihood)>>(first, dims).parameters);
    });
  };
  switch (vae_.config().likelihood) {
#define ELBO_CASE(kind, Likelihood) \
  case LikelihoodKind::kind:        \
    return add_by(math::settled(math::Likelihood(constants_)));
    ELBO_LIKELIHOODS(ELBO_CASE)
#undef ELBO_CASE
    case LikelihoodKind::categorical: {
      const math::Categorical likelihood(constants_);
      return add_rows(a, batch, [&](float x, const float* first) {
        return likelihood.nll(likelihood.softmax(static_cast<double>(x), DecodedLogits{first, dims}));
      });
    }
  }
}

}  // namespace elbo
