// model.likelihood: p(x|z).

#include "base/check.h"
#include "recipe/choices.h"
#include "vae/likelihood/likelihood.h"

namespace elbo {
namespace {

constexpr std::string_view kVariance[] = {"model.variance"};
constexpr std::string_view kScale[] = {"model.scale"};
constexpr std::string_view kClasses[] = {"model.classes"};
constexpr std::string_view kColumns[] = {"model.column_likelihoods"};

struct Row : Choice {
  std::unique_ptr<Likelihood> (*make)(const ModelConfig&);
};

constexpr Row kTable[] = {
    {{"bernoulli"}, make_elementwise},
    {{"continuous-bernoulli"}, make_elementwise},
    {{"gaussian", kVariance}, make_elementwise},
    {{"gaussian-learned"}, make_elementwise},
    {{"gaussian-sigmoid", kVariance}, make_elementwise},
    {{"gaussian-shared", kVariance}, make_shared_variance},
    {{"laplace", kScale}, make_elementwise},
    {{"laplace-learned"}, make_elementwise},
    {{"discretized-logistic"}, make_elementwise},
    {{"poisson"}, make_counts},
    {{"negative-binomial"}, make_counts},
    {{"categorical", kClasses}, make_categorical},
    {{"mixed", kColumns}, make_mixed},
};

}  // namespace

std::span<const Choice> likelihood_choices() {
  static const std::vector<Choice> choices = choices_of(kTable);
  return choices;
}

std::unique_ptr<Likelihood> make_likelihood(const ModelConfig& config) {
  const Row* row = find_row(kTable, config.likelihood);
  if (!row) throw ConfigError(concat("model.likelihood = \"", config.likelihood, "\" is not known"));
  return row->make(config);
}

}  // namespace elbo
