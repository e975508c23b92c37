// −log p(x|l) = −x log σ(l) − (1 − x) log(1 − σ(l)), written as max(l, 0) − x l + log(1 + exp(−|l|)) so that
// no logit overflows (Kingma & Welling 2014, appendix C.1). For x strictly between 0 and 1 it is the cross
// entropy, a common objective for grey values; continuous_bernoulli.h is a density for them. Included by
// list.h alone.

namespace ELBO_FORMULAS {

struct Bernoulli {
  static constexpr const char* kName = "bernoulli";
  static constexpr int kParameters = 1;  ///< the logit l
  static constexpr const char* kHeads[kParameters] = {"output"};
  static constexpr Support kSupport = Support::unit_interval;
  static constexpr bool kDrawsNormal = false;
  static constexpr Measure kMeasure = Measure::outcomes;

  ELBO_HD explicit Bernoulli(const LikelihoodConstants&) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    const V l = p[0];
    return (select(l < V(0.0f), V(0.0f), l) - x * l) + log1p_unit(exp(-abs(l)));
  }
  /// σ(l) − x over the common denominator 1 + exp(−|l|), which stays precise when the difference is small.
  template <class V>
  ELBO_HD void nll_gradient(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    const V e = exp(-abs(p[0]));
    const V zero = V(1.0f) - x;  // the probability of the other outcome
    gradient[0] = select(p[0] < V(0.0f), zero * e - x, zero - x * e) / (V(1.0f) + e);
  }
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    return logistic(p[0]);
  }
  template <class V>
  ELBO_HD V draw(const V (&p)[kParameters], V noise) const {
    return select(p[0] == p[0], select(noise < logistic(p[0]), V(1.0f), V(0.0f)), p[0]);  // NaN stays NaN
  }
};

}  // namespace ELBO_FORMULAS
