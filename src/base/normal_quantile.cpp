#include "base/normal_quantile.h"

#include <cmath>
#include <numbers>

namespace elbo {

double normal_quantile(double p) {
  if (p >= 0.5) return p == 0.5 ? 0.0 : -normal_quantile(1.0 - p);
  // Bisection on Φ(x) = ½ erfc(−x/√2): slow but exact, and without tables.
  double low = -40.0, high = 0.0;
  for (int i = 0; i < 100 && low < high; ++i) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(-middle / std::numbers::sqrt2) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace elbo
