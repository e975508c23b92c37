// The probability mass of one of 256 grey levels n/255 under a logistic distribution with location μ and
// scale exp s (Salimans et al. 2017, section 2.1): with σ its distribution function and h = 1/510 half a
// level,
//   p(n) = σ((n/255 + h − μ)/e^s) − σ((n/255 − h − μ)/e^s),
// where level 0 also takes all mass below it and level 255 all mass above. μ and e^s are in the units of x,
// [0, 1]. A value other than n/255 counts as the nearest level (the upper one on a tie), so that all masses
// sum to 1.
//
// With t = (n/255 − μ)/e^s and d = h/e^s, p = sinh d/(cosh t + cosh d). This form has no cancellation, and no
// overflow once the largest exponential is divided out: with v = d − |t|, f = exp(−|t| − d),
//   p = exp(min(v, 0)) (1 − exp(−2d))/((1 + exp(−|v|)) (1 + f)).
// At level 0 p = σ(v) with v = d + t, at level 255 with v = d − t. Included by list.h alone.

namespace ELBO_FORMULAS {

/// The gradient is that of the clamped function: outside the range of s it is 0 in s, while the location
/// still learns. At the lower end, a level that contains the location has a mass of 0.994.
struct DiscretizedLogistic {
  static constexpr const char* kName = "discretized-logistic";
  static constexpr int kParameters = 2;  ///< the location μ, and s
  static constexpr const char* kHeads[kParameters] = {"output", "log_scale"};
  static constexpr Support kSupport = Support::unit_interval;
  static constexpr bool kDrawsNormal = false;
  static constexpr Measure kMeasure = Measure::levels;
  static constexpr float kLow = -8.0f, kHigh = 5.0f;  ///< bounds of s

  ELBO_HD explicit DiscretizedLogistic(const LikelihoodConstants&) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    const Place<V> at(x, p);
    const V between = (V(1.0f) + at.far()) / one_minus_exp(V(2.0f) * at.d);
    const V outside = select(at.v < V(0.0f), -at.v, V(0.0f));
    return outside + log((V(1.0f) + at.e) * at.unless_edge(between, V(1.0f)));
  }
  template <class V>
  ELBO_HD void nll_gradient(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    const Place<V> at(x, p);
    const V one(1.0f), size = one + at.e;
    const V missed = select(at.v < V(0.0f), one, at.e) / size;  // σ(−v)
    // ∂/∂t is ±σ(−v) at an edge level and sinh t/(cosh t + cosh d) between; ∂/∂d is −σ(−v) and p − coth d.
    const V beyond = one + at.far();
    const V slope = missed * at.unless_edge(one_minus_exp(V(2.0f) * abs(at.t)) / beyond, one);
    const V width = one_minus_exp(V(2.0f) * at.d);
    const V mass = select(at.v < V(0.0f), at.e, one) / size * width / beyond;
    const V narrowing = at.unless_edge((V(2.0f) - width) / width - mass, missed);
    gradient[0] = -at.rate * at.side * slope;
    const V inside = at.d * narrowing - at.side * at.t * slope;
    gradient[1] = select(p[1] < V(kLow), V(0.0f), select(p[1] > V(kHigh), V(0.0f), inside));
  }
  /// Σ_n n p(n)/255, computed as the sum over levels of the probability to reach the level.
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    const V rate = exp(-clamp(p[1], V(kLow), V(kHigh)));
    V sum(0.0f);
    for (int n = 1; n < kLevels; ++n) {
      sum = sum + logistic((p[0] - V((static_cast<float>(n) - 0.5f) * kStep)) * rate);
    }
    return sum * V(kStep);
  }
  template <class V>
  ELBO_HD V draw(const V (&p)[kParameters], V noise) const {
    const V u = clamp(noise, V(kMinNoise), V(1.0f - kMinNoise));
    const V x = p[0] + exp(clamp(p[1], V(kLow), V(kHigh))) * log(u / (V(1.0f) - u));
    return clamp(floor(V(kLast) * x + V(0.5f)), V(0.0f), V(kLast)) * V(kStep);
  }

 private:
  static constexpr float kLast = kLevels - 1, kStep = 1.0f / kLast;

  /// The position of x in units of the scale.
  template <class V>
  struct Place {
    V level, rate, t, d;
    V side;  ///< the sign of t; −1 at level 0, 1 at level 255
    V v;     ///< d − side·t
    V e;     ///< exp(−|v|)

    ELBO_HD Place(V x, const V (&p)[kParameters]) {
      level = floor(V(kLast) * x + V(0.5f));
      rate = exp(-clamp(p[1], V(kLow), V(kHigh)));
      t = (V(kStep) * level - p[0]) * rate;
      d = V(0.5f * kStep) * rate;
      const V sign = select(t < V(0.0f), V(-1.0f), V(1.0f));
      side = select(level < V(0.5f), V(-1.0f), select(level > V(kLast - 0.5f), V(1.0f), sign));
      v = d - side * t;
      e = exp(-abs(v));
    }
    ELBO_HD V far() const { return exp(-abs(t) - d); }
    ELBO_HD V unless_edge(V between, V edge) const {
      return select(level < V(0.5f), edge, select(level > V(kLast - 0.5f), edge, between));
    }
  };
};

}  // namespace ELBO_FORMULAS
