#include "vae/likelihood/class_formula.h"

#include <cmath>

namespace elbo {

double class_cost(const math::Categorical& formula, float x, const HostLogits& logit) {
  return formula.nll(formula.softmax(static_cast<double>(x), logit));
}

float draw_class(const math::Categorical& formula, const HostLogits& logit, float uniform) {
  const auto softmax = formula.softmax(0.0, logit);  // the class does not matter here
  const double max_probability = formula.max_probability(softmax);
  double left = uniform;
  int drawn = 0;
  for (; drawn < formula.classes - 1; ++drawn) {
    left -= formula.probability(softmax, max_probability, logit(drawn));
    if (left < 0.0) break;
  }
  return std::isnan(left) ? kNotANumber : static_cast<float>(drawn);
}

void add_class_probabilities(const math::Categorical& formula, const HostLogits& logit, double weight,
                             std::span<double> probabilities) {
  const auto softmax = formula.softmax(0.0, logit);  // the class does not matter here
  const double max_probability = formula.max_probability(softmax);
  for (int c = 0; c < formula.classes; ++c) {
    probabilities[static_cast<std::size_t>(c)] +=
        weight * formula.probability(softmax, max_probability, logit(c));
  }
}

}  // namespace elbo
