// The likelihoods. To add one, write its header and add its #include and its line of ELBO_LIKELIHOODS here.
// The ops, their kernels, the recipes, tests and benchmarks follow from the list.
//
// A likelihood is a struct, made from LikelihoodConstants, with kName, kParameters (the decoder's outputs per
// value), kHeads (the names on disk of the decoder's output layers), kSupport, kMeasure, and these functions,
// where V is a float or a vector of floats:
//   nll(x, parameters)             −log p(x|parameters), in nats
// nll_gradient(x, parameters, gradient) its derivative with respect to each parameter
//   mean(parameters)               E[x|parameters]
//   draw(parameters, noise)        a draw of x, from standard normal noise (kDrawsNormal) or from uniform
//                                  noise in [0, 1); on the host alone
// and, if it depends on a part of the model that training changes, settled(): a copy with the present value.
//
// The categorical is not in ELBO_LIKELIHOODS, because its number of parameters per value is the number of
// classes, which is known at run time only. It is the last of kLikelihoods, and visit_likelihood handles it
// too.
#if !defined(ELBO_MATH_LIKELIHOODS_LIST_H) || defined(ELBO_VECTOR_PASS)  // see math/formula.h
#ifndef ELBO_VECTOR_PASS
#include <algorithm>
#include <bit>
#include <cstdint>
#include <random>
#endif

#include "math/elementary.h"
#include "math/likelihoods/constants.h"
// These need the headers above.
#include "math/likelihoods/bernoulli.h"
#include "math/likelihoods/categorical.h"
#include "math/likelihoods/continuous_bernoulli.h"
#include "math/likelihoods/discretized_logistic.h"
#include "math/likelihoods/gamma.h"
#include "math/likelihoods/gaussian.h"
#include "math/likelihoods/gaussian_learned.h"
#include "math/likelihoods/gaussian_shared.h"
#include "math/likelihoods/gaussian_sigmoid.h"
#include "math/likelihoods/laplace.h"
#include "math/likelihoods/laplace_learned.h"
#include "math/likelihoods/negative_binomial.h"
#include "math/likelihoods/poisson.h"
#endif

#ifndef ELBO_MATH_LIKELIHOODS_LIST_H
#define ELBO_MATH_LIKELIHOODS_LIST_H

#include <optional>
#include <string_view>

/// X(enumerator, struct) for every likelihood but the categorical.
#define ELBO_LIKELIHOODS(X)                    \
  X(bernoulli, Bernoulli)                      \
  X(continuous_bernoulli, ContinuousBernoulli) \
  X(gaussian, Gaussian)                        \
  X(gaussian_learned, GaussianLearned)         \
  X(gaussian_sigmoid, GaussianSigmoid)         \
  X(gaussian_shared, GaussianShared)           \
  X(laplace, Laplace)                          \
  X(laplace_learned, LaplaceLearned)           \
  X(discretized_logistic, DiscretizedLogistic) \
  X(poisson, Poisson)                          \
  X(negative_binomial, NegativeBinomial)

namespace elbo {

#define ELBO_ENUMERATOR(kind, Likelihood) kind,
enum class LikelihoodKind { ELBO_LIKELIHOODS(ELBO_ENUMERATOR) categorical };
#undef ELBO_ENUMERATOR

/// The static properties of a likelihood.
struct LikelihoodInfo {
  LikelihoodKind kind;
  std::string_view name;
  int parameters;            ///< per value; for the categorical, per value and class
  const char* const* heads;  ///< name of each parameter's head
  Support support;
  Measure measure;
  bool draws_normal;  ///< draw() takes standard normal noise, not uniform noise
};

#define ELBO_ENTRY(kind, Likelihood)                                                         \
  {LikelihoodKind::kind,          math::Likelihood::kName,    math::Likelihood::kParameters, \
   math::Likelihood::kHeads,      math::Likelihood::kSupport, math::Likelihood::kMeasure,    \
   math::Likelihood::kDrawsNormal},
inline constexpr LikelihoodInfo kLikelihoods[] = {ELBO_LIKELIHOODS(ELBO_ENTRY)
                                                      ELBO_ENTRY(categorical, Categorical)};
#undef ELBO_ENTRY

constexpr std::string_view likelihood_name(LikelihoodKind kind) {
  return kLikelihoods[static_cast<int>(kind)].name;
}
/// The decoder's outputs per value.
constexpr int likelihood_parameters(LikelihoodKind kind, const LikelihoodConstants& constants) {
  const int parameters = kLikelihoods[static_cast<int>(kind)].parameters;
  return kind == LikelihoodKind::categorical ? parameters * constants.classes : parameters;
}
/// The number of the decoder's output layers.
constexpr int likelihood_heads(LikelihoodKind kind) {
  return kLikelihoods[static_cast<int>(kind)].parameters;
}
/// The name of an output layer on disk, as in decoder.{head}.weight.
constexpr std::string_view likelihood_head(LikelihoodKind kind, int head) {
  return kLikelihoods[static_cast<int>(kind)].heads[head];
}
constexpr Support likelihood_support(LikelihoodKind kind) {
  return kLikelihoods[static_cast<int>(kind)].support;
}

constexpr Measure likelihood_measure(LikelihoodKind kind) {
  return kLikelihoods[static_cast<int>(kind)].measure;
}

constexpr bool likelihood_draws_normal(LikelihoodKind kind) {
  return kLikelihoods[static_cast<int>(kind)].draws_normal;
}

/// The likelihood called `name` ("bernoulli", "gaussian-learned", …), or nothing.
constexpr std::optional<LikelihoodKind> likelihood_named(std::string_view name) {
  for (const auto& info : kLikelihoods) {
    if (info.name == name) return info.kind;
  }
  return std::nullopt;
}

}  // namespace elbo

#endif  // ELBO_MATH_LIKELIHOODS_LIST_H

// This part needs the enumerators.
#if !defined(ELBO_MATH_LIKELIHOODS_VISIT) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_LIKELIHOODS_VISIT

namespace ELBO_FORMULAS {

/// Calls f(likelihood) with the struct of the kind, made from the constants; handles the categorical too.
/// Host only. A vector pass compiles f for the pass's instruction set.
template <class F>
inline auto visit_likelihood(LikelihoodKind kind, const LikelihoodConstants& constants, const F& f) {
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

}  // namespace ELBO_FORMULAS
#endif  // ELBO_MATH_LIKELIHOODS_VISIT
