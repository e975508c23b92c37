// −log p(x; μ) = μ − x log μ + log x! with l = log μ from the decoder. Included by list.h alone, after
// gamma.h.

namespace ELBO_FORMULAS {

struct Poisson {
  static constexpr const char* kName = "poisson";
  static constexpr int kParameters = 1;  ///< log μ
  static constexpr const char* kHeads[kParameters] = {"output"};
  static constexpr Support kSupport = Support::counts;
  static constexpr bool kDrawsNormal = false;
  static constexpr Measure kMeasure = Measure::counts;

  ELBO_HD explicit Poisson(const LikelihoodConstants&) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    return exp(p[0]) - x * p[0] + log_factorial(x);
  }
  template <class V>
  ELBO_HD void nll_gradient(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    gradient[0] = exp(p[0]) - x;
  }
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    return exp(p[0]);
  }
#ifndef ELBO_VECTOR_PASS
  float draw(const float (&p)[kParameters], float noise) const {
    const double log_mean = static_cast<double>(p[0]), mean = std::exp(log_mean);
    if (!(mean < static_cast<double>(kMaxCount))) return std::isnan(mean) ? kNotANumber : kMaxCount;
    if (std::sqrt(mean) > kWideCounts) return draw_wide_count(mean, 0.0, static_cast<double>(noise));
    const double mode = std::floor(mean);
    const double at_mode = mode > 0.0 ? mode * log_mean : 0.0;  // a mean of 0 has the logarithm −∞
    return draw_count(mode, at_mode - mean - std::lgamma(mode + 1.0), static_cast<double>(noise),
                      [&](double k) { return mean / (k + 1.0); });
  }
#endif
};

}  // namespace ELBO_FORMULAS
