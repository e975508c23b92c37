// The likelihoods. To add one, write its header and name it here: its #include, and its line of
// ELBO_LIKELIHOODS. The ops, their kernels, the recipes, tests and benchmarks follow from the list.
//
// A likelihood is a struct, made from LikelihoodConstants, with kName, kParameters (the decoder's outputs per
// value), kHeads (what the decoder's layers that give them are called on disk), kSupport, kMeasure, and for V
// a float or a vector of them:
//   nll(x, parameters)             −log p(x|parameters), in nats
//   dnll(x, parameters, gradient)  its derivative in each parameter
//   mean(parameters)               E[x|parameters]
//   draw(parameters, noise)        a draw of x, from standard normal noise (kDrawsNormal) or uniform in [0,
//   1)
// and, where it reads something of the model that training moves, settled(): itself with what it read.
//
// The categorical is not in ELBO_LIKELIHOODS: its parameters per value are as many as there are classes,
// which is known at run time only. It is the last of kLikelihoods, and visit_likelihood knows it too.
#if !defined(ELBO_MATH_LIKELIHOODS_LIST_H) || defined(ELBO_VECTOR_PASS)  // see math/formula.h
#include "math/elementary.h"
#include "math/likelihoods/constants.h"
// They need what is above.
#include "math/likelihoods/bernoulli.h"
#include "math/likelihoods/categorical.h"
#include "math/likelihoods/continuous_bernoulli.h"
#include "math/likelihoods/discretized_logistic.h"
#include "math/likelihoods/gaussian.h"
#include "math/likelihoods/gaussian_learned.h"
#include "math/likelihoods/gaussian_shared.h"
#include "math/likelihoods/gaussian_sigmoid.h"
#include "math/likelihoods/laplace.h"
#include "math/likelihoods/laplace_learned.h"
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
  X(discretized_logistic, DiscretizedLogistic)

namespace elbo {

#define ELBO_ENUMERATOR(kind, Likelihood) kind,
enum class LikelihoodKind { ELBO_LIKELIHOODS(ELBO_ENUMERATOR) categorical };
#undef ELBO_ENUMERATOR

/// What is known of a likelihood without running it.
struct LikelihoodInfo {
  LikelihoodKind kind;
  std::string_view name;
  int parameters;            ///< per value; the categorical's per value and class
  const char* const* heads;  ///< of each parameter
  Support support;
  Measure measure;
};

#define ELBO_ENTRY(kind, Likelihood)                                                    \
  {LikelihoodKind::kind,     math::Likelihood::kName,    math::Likelihood::kParameters, \
   math::Likelihood::kHeads, math::Likelihood::kSupport, math::Likelihood::kMeasure},
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
/// The decoder's layers that give them.
constexpr int likelihood_heads(LikelihoodKind kind) {
  return kLikelihoods[static_cast<int>(kind)].parameters;
}
/// What one of these layers is called on disk: decoder.{head}.weight.
constexpr std::string_view likelihood_head(LikelihoodKind kind, int head) {
  return kLikelihoods[static_cast<int>(kind)].heads[head];
}
constexpr Support likelihood_support(LikelihoodKind kind) {
  return kLikelihoods[static_cast<int>(kind)].support;
}

constexpr Measure likelihood_measure(LikelihoodKind kind) {
  return kLikelihoods[static_cast<int>(kind)].measure;
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

// It needs the enumerators.
#if !defined(ELBO_MATH_LIKELIHOODS_VISIT) || defined(ELBO_VECTOR_PASS)
#define ELBO_MATH_LIKELIHOODS_VISIT

namespace ELBO_FORMULAS {

/// f(likelihood), with the struct of the kind, made from the constants, the categorical's among them. On the
/// host; what a vector pass calls it with is compiled for the pass's instruction set.
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
