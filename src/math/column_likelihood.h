#pragma once
// The likelihood of one value whose kind is known at run time only: a column of a table.

#include <cstdint>

#include "math/likelihoods/list.h"

namespace elbo::math {

/// A column's likelihood, and the place of its parameters, which follow one another, in a row.
struct ColumnLikelihood {
  LikelihoodKind kind;
  std::int32_t first;    ///< index of its first parameter
  std::int32_t classes;  ///< of a categorical column
};
/// Numbers per column in the device's table.
inline constexpr std::int64_t kColumnNumbers = 3;

ELBO_HD_INLINE ColumnLikelihood column_at(const std::int32_t* table, std::int64_t j) {
  const std::int32_t* const entry = table + kColumnNumbers * j;
  return {static_cast<LikelihoodKind>(entry[0]), entry[1], entry[2]};
}

/// Calls f(likelihood) with the struct of the kind, where the likelihood is computed.
template <class F>
ELBO_HD_INLINE float with_likelihood(LikelihoodKind kind, const LikelihoodConstants& constants, const F& f) {
  switch (kind) {
#define ELBO_CASE(kind, Likelihood) \
  case LikelihoodKind::kind:        \
    return f(Likelihood(constants));
    ELBO_LIKELIHOODS(ELBO_CASE)
#undef ELBO_CASE
    case LikelihoodKind::categorical:
      break;
  }
  return f(Categorical(constants));
}

/// A value's logits, which follow one another.
struct ColumnLogits {
  const float* first;

  ELBO_HD_INLINE float operator()(int c) const { return first[c]; }
};

/// Returns −log p(x | parameters) and, unless `gradient` is null, writes weight · its derivatives, which may
/// take the parameters' place. A missing value gives zeros.
struct ColumnCost {
  float x;
  bool present;
  const float* parameters;
  float* gradient;
  float weight;

  template <class Likelihood>
  ELBO_HD_INLINE float operator()(const Likelihood& likelihood) const {
    float values[Likelihood::kParameters], slopes[Likelihood::kParameters];
    for (int p = 0; p < Likelihood::kParameters; ++p) values[p] = parameters[p];
    const float nll = likelihood.nll(x, values);
    if (gradient) {
      likelihood.nll_gradient(x, values, slopes);
      for (int p = 0; p < Likelihood::kParameters; ++p) gradient[p] = present ? slopes[p] * weight : 0.0f;
    }
    return present ? nll : 0.0f;
  }
  ELBO_HD_INLINE float operator()(const Categorical& likelihood) const {
    const ColumnLogits logit{parameters};
    const auto softmax = likelihood.softmax(x, logit);
    const float max_probability = likelihood.max_probability(softmax);
    for (int c = 0; gradient && c < likelihood.classes; ++c) {
      const float slope = likelihood.nll_gradient(softmax, max_probability, x, c, logit(c)) * weight;
      gradient[c] = present ? slope : 0.0f;
    }
    return present ? likelihood.nll(softmax) : 0.0f;
  }
};

/// The mean of a value, or a categorical's most probable class.
struct ColumnMean {
  const float* parameters;

  template <class Likelihood>
  ELBO_HD_INLINE float operator()(const Likelihood& likelihood) const {
    float values[Likelihood::kParameters];
    for (int p = 0; p < Likelihood::kParameters; ++p) values[p] = parameters[p];
    return likelihood.mean(values);
  }
  ELBO_HD_INLINE float operator()(const Categorical& likelihood) const {
    return likelihood.mode<float>(ColumnLogits{parameters});
  }
};

/// One value's part of a row's costs; pointers are to the row's first values, `gradient` and `mask` may be
/// null.
ELBO_HD_INLINE float column_cost(const ColumnLikelihood& column, LikelihoodConstants constants,
                                 std::int64_t j, const float* x, const float* mask, const float* parameters,
                                 float* gradient, float weight) {
  float* const slopes = gradient ? gradient + column.first : nullptr;
  const bool present = !mask || mask[j] != 0.0f;
  constants.classes = column.classes;
  return with_likelihood(column.kind, constants,
                         ColumnCost{x[j], present, parameters + column.first, slopes, weight});
}

ELBO_HD_INLINE float column_mean(const ColumnLikelihood& column, LikelihoodConstants constants,
                                 const float* parameters) {
  constants.classes = column.classes;
  return with_likelihood(column.kind, constants, ColumnMean{parameters + column.first});
}

}  // namespace elbo::math
