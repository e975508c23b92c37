#include "model/value_costs.h"

#include <cmath>

#include "model/evaluation_batches.h"

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
  HostCopies copies(vae_.context());
  const std::int64_t dims = vae_.config().dims;
  // Rows lie a stride apart; the last one ends at its last column.
  copies.request(x_, a.x.data, (a.rows - 1) * a.x.stride + dims);
  if (!a.mask.empty()) copies.request(mask_, a.mask.data, (a.rows - 1) * a.mask.stride + dims);
  const auto& outputs = a.decoder.back().y;
  copies.request(parameters_, outputs.data, (a.rows - 1) * outputs.stride + outputs.cols);
}

// cost(x, first) of a value whose parameters stand at `first`, dims apart.
template <class Cost>
void ValueCosts::add_rows(const Activations& a, const Cost& cost) {
  const std::int64_t stride = a.decoder.back().y.stride;
  for (std::int64_t i = 0; i < a.rows; ++i) {
    const float* x = x_.data() + i * a.x.stride;
    const float* mask = mask_.empty() ? nullptr : mask_.data() + i * a.mask.stride;
    const float* parameters = parameters_.data() + i * stride;
    for (std::size_t j = 0; j < sums_.size(); ++j) {
      if (mask && mask[j] == 0.0f) continue;
      sums_[j] += static_cast<double>(cost(x[j], parameters + j)) + log_deviation_[j];
    }
  }
}

void ValueCosts::add(const Activations& a) {
  const std::int64_t dims = vae_.config().dims;
  const auto add_by = [&](const auto& likelihood) {
    constexpr int kParameters = std::decay_t<decltype(likelihood)>::kParameters;
    add_rows(a, [&](float x, const float* first) {
      float parameters[kParameters];
      for (int p = 0; p < kParameters; ++p) parameters[p] = first[p * dims];
      return likelihood.nll(x, parameters);
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
      return add_rows(a, [&](float x, const float* first) {
        return likelihood.nll(likelihood.softmax(x, [&](int c) { return first[c * dims]; }));
      });
    }
  }
}

}  // namespace elbo
