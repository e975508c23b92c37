// −log p(x = c|l) = log Σ_k exp l_k − l_c, the softmax of one logit per class (Bishop 2006, section 4.3.4).
// The sum is relative to the largest logit so far (Milakov & Gimelshein 2018), so that no logit overflows and
// one pass suffices. Included by list.h alone.

namespace ELBO_FORMULAS {

/// The number of logits is known at run time only. They are therefore given by a function, not an array:
/// logit(c) is the logit of class c, 0 ≤ c < classes, as a V.
struct Categorical {
  static constexpr const char* kName = "categorical";
  static constexpr int kParameters = 1;  ///< the logit, for each class
  static constexpr const char* kHeads[kParameters] = {"output"};
  static constexpr Support kSupport = Support::classes;
  static constexpr bool kDrawsNormal = false;
  static constexpr Measure kMeasure = Measure::classes;

  int classes;

  ELBO_HD explicit Categorical(const LikelihoodConstants& constants) : classes(constants.classes) {}

  /// The quantities that the cost and its gradient need of the logits and x.
  template <class V>
  struct Softmax {
    V largest;  ///< logit
    V sum;      ///< Σ_k exp(l_k − largest), at least 1
    V own;      ///< x's logit; NaN if x is not a class
  };
  template <class V, class Logits>
  ELBO_HD Softmax<V> softmax(V x, const Logits& logit) const {
    Softmax<V> s{logit(0), V(1.0f), V(kNotANumber)};
    s.own = select(x == V(0.0f), s.largest, s.own);
    for (int c = 1; c < classes; ++c) {
      const V l = logit(c);
      const V e = exp(-abs(l - s.largest));
      const auto above = l > s.largest;
      s.sum = select(above, s.sum * e + V(1.0f), s.sum + e);
      s.largest = select(above, l, s.largest);
      s.own = select(x == V(static_cast<float>(c)), l, s.own);
    }
    return s;
  }

  template <class V>
  ELBO_HD V nll(const Softmax<V>& s) const {
    return (s.largest - s.own) + log(s.sum);
  }
  /// The probability of the likeliest class; NaN if x is not a class.
  template <class V>
  ELBO_HD V max_probability(const Softmax<V>& s) const {
    return select(s.own == s.own, V(1.0f) / s.sum, s.own);
  }
  /// The probability of a class whose logit is l.
  template <class V>
  ELBO_HD V probability(const Softmax<V>& s, V max_probability, V l) const {
    return exp(l - s.largest) * max_probability;
  }
  /// The derivative with respect to the logit l of class c.
  template <class V>
  ELBO_HD V nll_gradient(const Softmax<V>& s, V max_probability, V x, int c, V l) const {
    return probability(s, max_probability, l) - select(x == V(static_cast<float>(c)), V(1.0f), V(0.0f));
  }

  /// The most probable class, the lowest one on a tie; NaN if a logit is NaN. It replaces the mean of x, as
  /// class numbers have no mean.
  template <class V, class Logits>
  ELBO_HD V mode(const Logits& logit) const {
    V largest = logit(0), at = V(0.0f);
    for (int c = 1; c < classes; ++c) {
      const V l = logit(c);
      const auto above = l > largest;
      at = select(above, V(static_cast<float>(c)), at);
      largest = select(above, l, select(l == l, largest, l));  // NaN stays NaN
    }
    return select(largest == largest, at, largest);
  }
};

}  // namespace ELBO_FORMULAS
