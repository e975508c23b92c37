#pragma once
// The categorical's formulas for one value, on the host.

#include <cstdint>
#include <span>

#include "math/likelihoods/list.h"

namespace elbo {

/// A value's logits: logit(c) is the logit of class c.
struct HostLogits {
  const float* first;
  std::int64_t apart;

  double operator()(int c) const { return first[c * apart]; }
};

/// −log p(x = c), nats.
double class_cost(const math::Categorical& formula, float x, const HostLogits& logit);
/// The first class up to which the probabilities exceed a uniform number; NaN if a logit is.
float draw_class(const math::Categorical& formula, const HostLogits& logit, float uniform);
/// probabilities[c] += weight · p(x = c).
void add_class_probabilities(const math::Categorical& formula, const HostLogits& logit, double weight,
                             std::span<double> probabilities);

}  // namespace elbo
