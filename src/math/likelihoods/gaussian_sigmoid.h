// −log N(x; σ(l), σ²) with one constant σ² for all values: squared error after a sigmoid, for data in [0, 1].
// Included by list.h alone.

namespace ELBO_FORMULAS {

struct GaussianSigmoid {
  static constexpr const char* kName = "gaussian-sigmoid";
  static constexpr int kParameters = 1;  ///< the logit l of the mean
  static constexpr const char* kHeads[kParameters] = {"output"};
  static constexpr Support kSupport = Support::unit_mean;
  static constexpr bool kDrawsNormal = true;
  static constexpr Measure kMeasure = Measure::density;

  float precision;   ///< 1/σ²
  float normalizer;  ///< ½ log 2πσ²

  ELBO_HD explicit GaussianSigmoid(const LikelihoodConstants& constants)
      : precision(1.0f / constants.variance),
        normalizer(kHalfLogTwoPi + 0.5f * std::log(constants.variance)) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    const V error = logistic(p[0]) - x;
    return V(0.5f * precision) * error * error + V(normalizer);
  }
  /// σ′(l) = e / (1 + e)² with e = exp(−|l|), which has no cancellation.
  template <class V>
  ELBO_HD void nll_gradient(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    const V e = exp(-abs(p[0])), one_plus_e = V(1.0f) + e;
    const V mean = select(p[0] < V(0.0f), e, V(1.0f)) / one_plus_e;
    gradient[0] = V(precision) * (mean - x) * (e / (one_plus_e * one_plus_e));
  }
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    return logistic(p[0]);
  }
  template <class V>
  ELBO_HD V draw(const V (&p)[kParameters], V noise) const {
    return logistic(p[0]) + noise / sqrt(V(precision));
  }
};

}  // namespace ELBO_FORMULAS
