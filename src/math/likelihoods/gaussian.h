// −log N(x; μ, σ²) = ½ (x − μ)²/σ² + ½ log 2πσ² with one constant σ² for all values. Included by list.h
// alone.

namespace ELBO_FORMULAS {

struct Gaussian {
  static constexpr const char* kName = "gaussian";
  static constexpr int kParameters = 1;  ///< the mean μ
  static constexpr const char* kHeads[kParameters] = {"output"};
  static constexpr Support kSupport = Support::real;
  static constexpr bool kDrawsNormal = true;
  static constexpr Measure kMeasure = Measure::density;

  float precision;   ///< 1/σ²
  float normalizer;  ///< ½ log 2πσ²

  ELBO_HD explicit Gaussian(const LikelihoodConstants& constants)
      : precision(1.0f / constants.variance),
        normalizer(kHalfLogTwoPi + 0.5f * std::log(constants.variance)) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    const V error = p[0] - x;
    return V(0.5f * precision) * error * error + V(normalizer);
  }
  template <class V>
  ELBO_HD void nll_gradient(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    gradient[0] = V(precision) * (p[0] - x);
  }
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    return p[0];
  }
  template <class V>
  ELBO_HD V draw(const V (&p)[kParameters], V noise) const {
    return p[0] + noise / sqrt(V(precision));
  }
};

}  // namespace ELBO_FORMULAS
