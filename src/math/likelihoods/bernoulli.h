// −log p(x|l) = −x log σ(l) − (1 − x) log(1 − σ(l)), written as softplus(l) − x l so that no logit overflows
// (Kingma & Welling 2014, appendix C.1). For x strictly between 0 and 1 it is the cross entropy, which grey
// values are commonly trained with. Included by list.h alone.

namespace ELBO_FORMULAS {

struct Bernoulli {
  static constexpr const char* kName = "bernoulli";
  static constexpr int kParameters = 1;  ///< the logit l
  static constexpr Support kSupport = Support::unit_interval;

  ELBO_HD explicit Bernoulli(const LikelihoodConstants&) {}

  template <class V>
  ELBO_HD V nll(V x, const V (&p)[kParameters]) const {
    return softplus(p[0]) - x * p[0];
  }
  template <class V>
  ELBO_HD void dnll(V x, const V (&p)[kParameters], V (&gradient)[kParameters]) const {
    gradient[0] = logistic(p[0]) - x;
  }
  template <class V>
  ELBO_HD V mean(const V (&p)[kParameters]) const {
    return logistic(p[0]);
  }
};

}  // namespace ELBO_FORMULAS
