#pragma once

namespace elbo {

/// The standard normal's quantile, accurate to double precision, for 0 < p < 1.
double normal_quantile(double p);

}  // namespace elbo
