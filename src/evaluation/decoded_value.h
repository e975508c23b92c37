#pragma once
// One value's part of a row of decoder outputs, for formulas on the host.

#include <cstdint>

namespace elbo {

/// A likelihood's parameters of the value whose first stands at `first`; the others follow `dims` apart.
template <class Likelihood>
struct DecodedValue {
  float parameters[Likelihood::kParameters];

  DecodedValue(const float* first, std::int64_t dims) {
    for (int p = 0; p < Likelihood::kParameters; ++p) parameters[p] = first[p * dims];
  }
};

/// The same of the categorical: logit(c) of class c.
struct DecodedLogits {
  const float* first;
  std::int64_t dims;

  double operator()(int c) const { return first[c * dims]; }
};

}  // namespace elbo
