// −log p(x = c|l) = log Σ_k exp l_k − l_c, the softmax of a logit for each class (Bishop 2006,
// section 4.3.4). The sum is taken relative to the largest logit so far (Milakov & Gimelshein 2018), so that
// no logit overflows and one pass over them is enough. Included by list.h alone.

namespace ELBO_FORMULAS {

/// How many logits there are is known at run time only, so they are not an array: logit(c) gives that of
/// class c, 0 ≤ c < classes, as a V.
struct Categorical {
  static constexpr const char* kName = "categorical";
  static constexpr int kParameters = 1;  ///< for each class: its logit
  static constexpr const char* kHeads[kParameters] = {"output"};
  static constexpr Support kSupport = Support::classes;
  static constexpr Measure kMeasure = Measure::classes;

  int classes;

  ELBO_HD explicit Categorical(const LikelihoodConstants& constants) : classes(constants.classes) {}

  /// What the logits and x come to.
  template <class V>
  struct Softmax {
    V largest;  ///< logit
    V sum;      ///< Σ_k exp(l_k − largest), at least 1
    V own;      ///< x's logit; NaN where x is none of the classes
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
  /// The probability of the likeliest class; NaN where x is none.
  template <class V>
  ELBO_HD V most(const Softmax<V>& s) const {
    return select(s.own == s.own, V(1.0f) / s.sum, s.own);
  }
  /// That of a class whose logit is l.
  template <class V>
  ELBO_HD V probability(const Softmax<V>& s, V most, V l) const {
    return exp(l - s.largest) * most;
  }
  /// The derivative in the logit l of class c.
  template <class V>
  ELBO_HD V dnll(const Softmax<V>& s, V most, V x, int c, V l) const {
    return probability(s, most, l) - select(x == V(static_cast<float>(c)), V(1.0f), V(0.0f));
  }

  /// The most probable class, the lowest of those that are equally so, NaN where a logit is: what stands for
  /// the mean of x, since the numbers of classes mean nothing.
  template <class V, class Logits>
  ELBO_HD V mode(const Logits& logit) const {
    V largest = logit(0), at = V(0.0f);
    for (int c = 1; c < classes; ++c) {
      const V l = logit(c);
      const auto above = l > largest;
      at = select(above, V(static_cast<float>(c)), at);
      largest = select(above, l, select(l == l, largest, l));  // NaN stays
    }
    return select(largest == largest, at, largest);
  }
};

}  // namespace ELBO_FORMULAS
