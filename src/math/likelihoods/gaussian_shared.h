// −log N(x; μ, σ²) with one σ² for every value, the model's own: the one that is optimal for the data (Rybkin
// et al. 2021), which training follows (ops/shared_variance.h). Included by list.h alone, after
// gaussian.h.

namespace ELBO_FORMULAS {

/// Made from constants, σ² is their variance until settled() has read the model's own.
struct GaussianShared : Gaussian {
  static constexpr const char* kName = "gaussian-shared";

  const float* log_variance;  ///< log σ², where the formula runs; null: none

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
