// Γ and ψ for the likelihoods of counts. Arguments are shifted upwards by 8 with Γ(a + 1) = a Γ(a), where
// Stirling's series is precise in float (Abramowitz & Stegun 1964, 6.1.15, 6.1.40, 6.3.18). Included by
// list.h alone.

namespace ELBO_FORMULAS {

/// log Γ(t) − (t − ½) log t + t − ½ log 2π for t ≥ 8; the next term of the series is below 3e-10.
template <class V>
ELBO_HD inline V stirling_rest(V t) {
  const V r = V(1.0f) / t;
  return r * polynomial(r * r, 1.0f / 12, -1.0f / 360, 1.0f / 1260);
}

/// log(1 + y) for y ≥ 0, with full relative precision for small y too.
template <class V>
ELBO_HD inline V log1p_positive(V y) {
  return select(y < V(1.0f), log1p_unit(select(y < V(1.0f), y, V(1.0f))), log(V(1.0f) + y));
}

/// log(1 + exp v).
template <class V>
ELBO_HD inline V softplus(V v) {
  return select(v < V(0.0f), V(0.0f), v) + log1p_unit(exp(-abs(v)));
}

/// log x! for 0 ≤ x ≤ 2^24.
template <class V>
ELBO_HD inline V log_factorial(V x) {
  const V t = x + V(8.0f);
  const V near = (x + V(1.0f)) * (x + V(2.0f)) * (x + V(3.0f));
  const V far = (x + V(4.0f)) * (x + V(5.0f)) * (x + V(6.0f)) * (x + V(7.0f));
  return (t - V(0.5f)) * log(t) - t + V(kHalfLogTwoPi) + stirling_rest(t) - log(near) - log(far);
}

/// log Γ(x + a) − log Γ(a) for 0 ≤ x ≤ 2^24 and a > 0; 0 at x = 0.
template <class V>
ELBO_HD inline V log_rising(V x, V a) {
  const V t = a + V(8.0f);
  const V far =
      (x + t - V(0.5f)) * log1p_positive(x / t) + x * log(t) - x + stirling_rest(x + t) - stirling_rest(t);
  V first(1.0f), second(1.0f);  // two products, so that neither overflows
  for (int k = 0; k < 4; ++k) {
    const V low = a + V(static_cast<float>(k)), high = a + V(static_cast<float>(k + 4));
    first = first * ((x + low) / low);
    second = second * ((x + high) / high);
  }
  return far - log(first) - log(second);
}

/// ψ(x + a) − ψ(a), the derivative of log_rising in a.
template <class V>
ELBO_HD inline V log_rising_gradient(V x, V a) {
  const V t = a + V(8.0f);
  const auto rest = [](V at) {  // ψ(at) − log at
    const V r = V(1.0f) / at;
    return r * (V(-0.5f) + r * polynomial(r * r, -1.0f / 12, 1.0f / 120, -1.0f / 252));
  };
  V sum = log1p_positive(x / t) + (rest(x + t) - rest(t));
  for (int k = 0; k < 8; ++k) {
    const V low = a + V(static_cast<float>(k));
    sum = sum + x / (low * (x + low));
  }
  return sum;
}

#ifndef ELBO_VECTOR_PASS
/// A draw from a distribution over 0, 1, 2, … by one uniform number: outcomes are taken in turns above and
/// below the mode, until their probabilities exceed it. `ratio(k)` is p(k + 1)/p(k). Counts end at 2^24.
template <class Ratio>
inline float draw_count(double mode, double log_probability, double uniform, const Ratio& ratio) {
  constexpr double kLast = static_cast<double>(kMaxCount), kNothing = 1e-13;
  double high = mode, low = mode, above = std::exp(log_probability), below = above;
  double left = uniform - above;
  while (left >= 0.0 && high < kLast && (above > kNothing || below > kNothing)) {
    above *= ratio(high);
    left -= above;
    high += 1.0;
    if (left < 0.0) return static_cast<float>(high);
    if (low > 0.0) {
      low -= 1.0;
      below /= ratio(low);
      left -= below;
      if (left < 0.0) return static_cast<float>(low);
    } else {
      below = 0.0;
    }
  }
  return static_cast<float>(mode);  // the uniform number is beyond all that counts
}

/// The same for distributions too wide to be gone through: a Poisson number whose mean is Γ-distributed with
/// variance dispersion · mean², from a generator whose seed is the uniform number.
inline float draw_wide_count(double mean, double dispersion, double uniform) {
  std::mt19937_64 engine(std::bit_cast<std::uint64_t>(uniform));
  double rate = mean;
  if (dispersion > 0.0) rate = std::gamma_distribution<double>(1.0 / dispersion, mean * dispersion)(engine);
  rate = std::min(rate, static_cast<double>(kMaxCount));
  if (!(rate > 0.0)) return 0.0f;
  const auto count = std::poisson_distribution<std::int64_t>(rate)(engine);
  return std::min(static_cast<float>(count), kMaxCount);
}

/// Standard deviations from which on a distribution of counts is too wide.
inline constexpr double kWideCounts = 300.0;
#endif

}  // namespace ELBO_FORMULAS
