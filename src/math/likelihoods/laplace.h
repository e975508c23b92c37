// −log p(x; μ, b) = |x − μ|/b + log 2b: absolute instead of squared errors, with one constant b for all
// values. Included by list.h alone.

namespace ELBO_FORMULAS {

/// d|e|/de, which is 0 at e = 0.
template <class V>
ELBO_HD inline V sign_of(V e) {
  return select(e < V(0.0f), V(-1.0f), select(e > V(0.0f), V(1.0f), e));  // NaN stays NaN
}

/// The standard Laplace distribution's quantile at u in [0, 1).
template <class V>
ELBO_HD inline V laplace_quantile(V u) {
  const V inner = clamp(u, V(kMinNoise), V(1.0f - kMinNoise));
  return select(inner < V(0.5f), log(V(2.0f) * inner), -log(V(2.0f) - V(2.0f) * inner));
}

struct Laplace {
  static constexpr const char* kName = "laplace";
  static constexpr int kParameters = 1;  ///< the location μ
  static constexpr const char* kHeads[kParameters] = {"output"};
  static constexpr Support kSupport = Support::real;
  static constexpr bool kDrawsNormal = false;
  static constexpr Measure kMeasure = Measure::density;

  float rate;        ///< 1/b
  float normalizer;  ///< log 2b

  ELBO_HD explicit Laplace(const LikelihoodConstants& constants)
      : rate(1.0f / constants.scale), normalizer(kLogTwo + std::log(constants.scale)) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    return V(rate) * abs(p[0] - x) + V(normalizer);
  }
  template <class V>
  ELBO_HD void nll_gradient(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    gradient[0] = V(rate) * sign_of(p[0] - x);
  }
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    return p[0];
  }
  template <class V>
  ELBO_HD V draw(const V (&p)[kParameters], V noise) const {
    return p[0] + laplace_quantile(noise) / V(rate);
  }
};

}  // namespace ELBO_FORMULAS
