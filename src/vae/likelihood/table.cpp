// model.likelihood: p(x|z).

#include "math/likelihoods/list.h"
#include "recipe/choices.h"

namespace elbo {
namespace {

constexpr std::string_view kVariance[] = {"model.variance"};
constexpr std::string_view kScale[] = {"model.scale"};
constexpr std::string_view kClasses[] = {"model.classes"};

constexpr Choice row(LikelihoodKind kind, std::span<const std::string_view> keys = {}) {
  return {likelihood_name(kind), keys};
}

using enum LikelihoodKind;
constexpr Choice kRows[] = {row(bernoulli),
                            row(continuous_bernoulli),
                            row(gaussian, kVariance),
                            row(gaussian_learned),
                            row(gaussian_sigmoid, kVariance),
                            row(gaussian_shared, kVariance),
                            row(laplace, kScale),
                            row(laplace_learned),
                            row(discretized_logistic),
                            row(categorical, kClasses)};
static_assert(std::size(kRows) == std::size(kLikelihoods));

}  // namespace

std::span<const Choice> likelihood_choices() {
  return kRows;
}

}  // namespace elbo
