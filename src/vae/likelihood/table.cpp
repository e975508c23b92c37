// The likelihoods by the values of model.likelihood.

#include "base/table.h"
#include "vae/likelihood/likelihood.h"

namespace elbo {
namespace {

struct Line {
  std::string_view name;
  std::unique_ptr<Likelihood> (*make)(const ModelConfig&);
};

constexpr Line kTable[] = {
    {"bernoulli", make_elementwise},
    {"continuous-bernoulli", make_elementwise},
    {"gaussian", make_elementwise},
    {"gaussian-learned", make_elementwise},
    {"gaussian-sigmoid", make_elementwise},
    {"gaussian-shared", make_shared_variance},
    {"laplace", make_elementwise},
    {"laplace-learned", make_elementwise},
    {"discretized-logistic", make_elementwise},
    {"categorical", make_categorical},
};

}  // namespace

std::unique_ptr<Likelihood> make_likelihood(const ModelConfig& config) {
  return line_named<Line>(kTable, "model.likelihood", likelihood_name(config.likelihood)).make(config);
}

}  // namespace elbo
