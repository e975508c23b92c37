#include "data/sources/random.h"

namespace elbo::data {

std::uint64_t Random::below(std::uint64_t bound) {
  // Values past the last whole multiple of `bound` would favour small results.
  const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;
  std::uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

double Random::exponential() {
  // The length of a descending run u₁ > u₂ > … is odd with probability e^(−u₁); every even run adds 1.
  for (double whole = 0.0;; whole += 1.0) {
    const double first = uniform();
    double last = first;
    bool odd = true;
    for (double u = uniform(); u < last; u = uniform()) {
      last = u;
      odd = !odd;
    }
    if (odd) return whole + first;
  }
}

double Random::normal() {
  // |x| is proposed from e^(−x) and kept with probability e^(−(x − 1)²/2), the chance that an exponential
  // exceeds (x − 1)²/2.
  for (;;) {
    const double x = exponential();
    const double distance = x - 1.0;
    if (2.0 * exponential() >= distance * distance) return next() >> 63 ? -x : x;
  }
}

}  // namespace elbo::data
