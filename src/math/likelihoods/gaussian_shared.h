// −log N(x; μ, σ²) with one σ² for all values, which belongs to the model. Training moves it towards the
// optimal σ² of the data (Rybkin et al. 2021; ops/shared_variance.h). Included by list.h alone, after
// gaussian.h.

namespace ELBO_FORMULAS {

/// Until settled() reads the model's σ², it is the variance of the constants.
struct GaussianShared : Gaussian {
  static constexpr const char* kName = "gaussian-shared";

  const float* log_variance;  ///< log σ², in memory where the formula runs; null: none

  ELBO_HD explicit GaussianShared(const LikelihoodConstants& constants)
      : Gaussian(constants), log_variance(constants.log_variance) {}

  ELBO_HD GaussianShared settled() const {
    GaussianShared own = *this;
    if (log_variance) {
      own.precision = std::exp(-*log_variance);
      own.normalizer = kHalfLogTwoPi + 0.5f * *log_variance;
    }
    return own;
  }
};

}  // namespace ELBO_FORMULAS
