// The negative binomial with mean μ and dispersion α, variance μ + α μ² (NB2, Cameron & Trivedi 2013, section
// 3.3). With θ = 1/α, l = log μ, s = log α and v = l + s = log μ/θ:
//   −log p(x; μ, α) = log x! − log Γ(x + θ)/Γ(θ) + (θ + x) log(1 + exp v) − x v.
// Included by list.h alone, after gamma.h.

namespace ELBO_FORMULAS {

/// s is clamped to the range of log-variances. The gradient is that of the clamped function: outside the
/// range it is 0 in s, while the mean still learns.
struct NegativeBinomial {
  static constexpr const char* kName = "negative-binomial";
  static constexpr int kParameters = 2;  ///< log μ, and log α
  static constexpr const char* kHeads[kParameters] = {"output", "log_dispersion"};
  static constexpr Support kSupport = Support::counts;
  static constexpr bool kDrawsNormal = false;
  static constexpr Measure kMeasure = Measure::counts;

  float low, high;  ///< bounds of s

  ELBO_HD explicit NegativeBinomial(const LikelihoodConstants& constants)
      : low(constants.min_log_variance), high(constants.max_log_variance) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    const V s = clamp(p[1], V(low), V(high)), theta = exp(-s), v = p[0] + s;
    return log_factorial(x) - log_rising(x, theta) + (theta + x) * softplus(v) - x * v;
  }
  template <class V>
  ELBO_HD void nll_gradient(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    const V s = clamp(p[1], V(low), V(high)), theta = exp(-s), v = p[0] + s;
    gradient[0] = theta * logistic(v) - x * logistic(-v);  // (μ − x)/(1 + α μ)
    const V inside = theta * (log_rising_gradient(x, theta) - softplus(v)) + gradient[0];
    gradient[1] = select(p[1] < V(low), V(0.0f), select(p[1] > V(high), V(0.0f), inside));
  }
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    return exp(p[0]);
  }
#ifndef ELBO_VECTOR_PASS
  float draw(const float (&p)[kParameters], float noise) const {
    const double log_mean = static_cast<double>(p[0]), mean = std::exp(log_mean);
    if (!(mean < static_cast<double>(kMaxCount))) return std::isnan(mean) ? kNotANumber : kMaxCount;
    const double s = static_cast<double>(clamp(p[1], low, high)), theta = std::exp(-s), v = log_mean + s;
    const double deviation = std::sqrt(mean + mean * mean / theta);
    if (deviation > kWideCounts) return draw_wide_count(mean, 1.0 / theta, static_cast<double>(noise));
    const double mode = theta > 1.0 ? std::floor(mean * (theta - 1.0) / theta) : 0.0;
    const double at_mode = mode > 0.0 ? mode * v : 0.0;  // a mean of 0 has the logarithm −∞
    const double log_sum = v > 0.0 ? v + std::log1p(std::exp(-v)) : std::log1p(std::exp(v));  // log(1 + μ/θ)
    const double log_probability = std::lgamma(mode + theta) - std::lgamma(theta) - std::lgamma(mode + 1.0) -
                                   (theta + mode) * log_sum + at_mode;
    return draw_count(mode, log_probability, static_cast<double>(noise),
                      [&](double k) { return (k + theta) / (k + 1.0) * (mean / (theta + mean)); });
  }
#endif
};

}  // namespace ELBO_FORMULAS
