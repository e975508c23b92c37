// −log N(x; μ, exp s) = ½ ((x − μ)² exp(−s) + s + log 2π) with s = log σ² predicted for every value (Kingma &
// Welling 2014, appendix C.2). s is clamped to a range, since a perfectly predicted value would drive it to
// −∞. Included by list.h alone.

namespace ELBO_FORMULAS {

/// The gradient is that of the clamped function: outside the range it is 0 in log σ², whatever the data. The
/// mean still learns.
struct GaussianLearned {
  static constexpr const char* kName = "gaussian-learned";
  static constexpr int kParameters = 2;  ///< the mean μ, and log σ²
  static constexpr const char* kHeads[kParameters] = {"output", "log_variance"};
  static constexpr Support kSupport = Support::real;
  static constexpr bool kDrawsNormal = true;
  static constexpr Measure kMeasure = Measure::density;

  float low, high;  ///< bounds of log σ²

  ELBO_HD explicit GaussianLearned(const LikelihoodConstants& constants)
      : low(constants.min_log_variance), high(constants.max_log_variance) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    const V s = clamp(p[1], V(low), V(high));
    const V error = p[0] - x;
    return V(0.5f) * (error * error * exp(-s) + s) + V(kHalfLogTwoPi);
  }
  template <class V>
  ELBO_HD void nll_gradient(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    const V precision = exp(-clamp(p[1], V(low), V(high)));
    const V error = p[0] - x;
    gradient[0] = error * precision;
    const V inside = V(0.5f) - V(0.5f) * error * gradient[0];
    gradient[1] = select(p[1] < V(low), V(0.0f), select(p[1] > V(high), V(0.0f), inside));
  }
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    return p[0];
  }
  template <class V>
  ELBO_HD V draw(const V (&p)[kParameters], V noise) const {
    return p[0] + exp(V(0.5f) * clamp(p[1], V(low), V(high))) * noise;
  }
};

}  // namespace ELBO_FORMULAS
