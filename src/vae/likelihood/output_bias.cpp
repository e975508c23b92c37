// The decoder's initial output bias: for likelihoods whose mean depends on one location per value, and for
// classes.

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/check.h"
#include "vae/likelihood/likelihood.h"

namespace elbo {
namespace {

constexpr double kMin = 0.001, kMax = 0.999;
constexpr double kFarthest = 1e12;  // maximum distance of a location from 0

/// The likelihood's mean if its first parameter is `location` and the others are 0.
double mean_at(LikelihoodKind kind, const LikelihoodConstants& constants, double location) {
  return math::visit_likelihood(kind, constants, [&](const auto& formula) {
    using Formula = std::decay_t<decltype(formula)>;
    if constexpr (std::is_same_v<Formula, math::Categorical>) {
      return 0.0;  // not used: classes have no mean, and their own bias
    } else {
      double parameters[Formula::kParameters] = {location};
      return formula.mean(parameters);
    }
  });
}

/// The location at which a likelihood's mean, which grows with its location, equals `mean`.
double location_of(LikelihoodKind kind, const LikelihoodConstants& constants, double mean) {
  double low = -1.0, high = 1.0;
  while (mean_at(kind, constants, low) > mean && low > -kFarthest) low *= 2.0;
  while (mean_at(kind, constants, high) < mean && high < kFarthest) high *= 2.0;
  if (!(mean_at(kind, constants, low) <= mean && mean <= mean_at(kind, constants, high))) {
    throw ConfigError(concat("model.output_bias = \"data\" does not suit model.likelihood = \"",
                             likelihood_name(kind), "\", whose mean cannot be ", mean, ": use \"random\"."));
  }
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    (mean_at(kind, constants, middle) < mean ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

float location_for_mean(LikelihoodKind kind, const LikelihoodConstants& constants, float mean) {
  double kept = mean;
  if (mean_at(kind, constants, kFarthest) <= 1.0) kept = std::clamp(kept, kMin, kMax);
  if (likelihood_support(kind) == Support::counts) kept = std::max(kept, kMin);
  return static_cast<float>(location_of(kind, constants, kept));
}

std::vector<float> log_shares(const Examples& examples, std::int64_t j, std::int64_t classes) {
  std::vector<double> counts(static_cast<std::size_t>(classes));
  double present = 0.0;
  for (std::int64_t i = 0; i < examples.count; ++i) {
    const float value = examples.value(i, j);
    if (std::isnan(value)) continue;
    counts[static_cast<std::size_t>(std::lround(value))] += 1.0;
    present += 1.0;
  }
  std::vector<float> shares;
  for (const double count : counts)
    shares.push_back(static_cast<float>(std::log(std::max(count / std::max(present, 1.0), kMin))));
  return shares;
}

}  // namespace elbo
