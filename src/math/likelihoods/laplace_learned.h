// −log p(x; μ, exp s) = |x − μ| exp(−s) + s + log 2 with s = log b predicted for every value. s is clamped to
// half the range of log-variances, as it is the logarithm of a scale, not of its square. Included by list.h
// alone, after laplace.h.

namespace ELBO_FORMULAS {

/// The gradient is that of the clamped function: outside the range it is 0 in log b, while the location still
/// learns.
struct LaplaceLearned {
  static constexpr const char* kName = "laplace-learned";
  static constexpr int kParameters = 2;  ///< the location μ, and log b
  static constexpr const char* kHeads[kParameters] = {"output", "log_scale"};
  static constexpr Support kSupport = Support::real;
  static constexpr bool kDrawsNormal = false;
  static constexpr Measure kMeasure = Measure::density;

  float low, high;  ///< bounds of log b

  ELBO_HD explicit LaplaceLearned(const LikelihoodConstants& constants)
      : low(0.5f * constants.min_log_variance), high(0.5f * constants.max_log_variance) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    const V s = clamp(p[1], V(low), V(high));
    return abs(p[0] - x) * exp(-s) + s + V(kLogTwo);
  }
  template <class V>
  ELBO_HD void nll_gradient(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    const V rate = exp(-clamp(p[1], V(low), V(high)));
    const V error = p[0] - x;
    gradient[0] = rate * sign_of(error);
    const V inside = V(1.0f) - abs(error) * rate;
    gradient[1] = select(p[1] < V(low), V(0.0f), select(p[1] > V(high), V(0.0f), inside));
  }
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    return p[0];
  }
  template <class V>
  ELBO_HD V draw(const V (&p)[kParameters], V noise) const {
    return p[0] + laplace_quantile(noise) * exp(clamp(p[1], V(low), V(high)));
  }
};

}  // namespace ELBO_FORMULAS
