// −log p(x|l) of the continuous Bernoulli (Loaiza-Ganem & Cunningham 2019), p ∝ λ^x (1 − λ)^(1−x) on [0, 1]
// with λ = σ(l): a proper density of grey values, unlike the cross entropy. In the logit, its normaliser
// (their eq. 5) is C = 2 artanh(1 − 2λ)/(1 − 2λ) = l/tanh(l/2), and p(x|l) = l exp(l x)/(exp(l) − 1): an
// exponential distribution cut off at 1. With a = |l| and u the distance of x from the end that l favours,
//   −log p = a u + log((1 − exp(−a))/a),
// which no logit overflows. Near λ = ½, where this is 0/0, the Taylor expansion is used. Included by list.h
// alone.

namespace ELBO_FORMULAS {

struct ContinuousBernoulli {
  static constexpr const char* kName = "continuous-bernoulli";
  static constexpr int kParameters = 1;  ///< the logit l
  static constexpr const char* kHeads[kParameters] = {"output"};
  static constexpr Support kSupport = Support::unit_interval;
  static constexpr bool kDrawsNormal = false;
  static constexpr Measure kMeasure = Measure::density;

  ELBO_HD explicit ContinuousBernoulli(const LikelihoodConstants&) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    const V a = abs(p[0]);
    const V u = select(p[0] < V(0.0f), x, V(1.0f) - x);
    // log((1 − exp(−a))/a) + a/2 = log(sinh(a/2)/(a/2)); the next term is a¹⁰/479001600
    const V near = polynomial(a * a, 0.0f, 1.0f / 24, -1.0f / 2880, 1.0f / 181440, -1.0f / 9676800);
    const V far = log((V(1.0f) - exp(-a)) / a);
    return select(a < V(kNear), a * (u - V(0.5f)) + near, a * u + far);
  }
  /// E[x|l] − x, as for every exponential family.
  template <class V>
  ELBO_HD void nll_gradient(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    const V distance = mean_distance(abs(p[0]));
    gradient[0] = select(p[0] < V(0.0f), distance - x, (V(1.0f) - x) - distance);
  }
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    const V distance = mean_distance(abs(p[0]));
    return select(p[0] < V(0.0f), distance, V(1.0f) - distance);
  }
  /// The inverse of the distribution of u, (1 − exp(−a u))/(1 − exp(−a)).
  template <class V>
  ELBO_HD V draw(const V (&p)[kParameters], V noise) const {
    const V a = abs(p[0]);
    const V distance = select(a < V(1e-3f), noise, -log(V(1.0f) - noise * one_minus_exp(a)) / a);
    return select(p[0] < V(0.0f), distance, V(1.0f) - distance);
  }

 private:
  static constexpr float kNear = 1.0f;

  /// E[u] = 1/a − 1/(exp(a) − 1); its expansion's next term is 691 a¹¹/1307674368000.
  template <class V>
  ELBO_HD static V mean_distance(V a) {
    const V e = exp(-a);
    const V near = V(0.5f) + a * polynomial(a * a, -1.0f / 12, 1.0f / 720, -1.0f / 30240, 1.0f / 1209600,
                                            -1.0f / 47900160);
    return select(a < V(kNear), near, V(1.0f) / a - e / (V(1.0f) - e));
  }
};

}  // namespace ELBO_FORMULAS
