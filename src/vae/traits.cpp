#include "elbo/traits.h"

#include "vae/config.h"
#include "vae/latent/latent.h"
#include "vae/likelihood/likelihood.h"
#include "vae/objective/objective.h"

namespace elbo {

ModelTraits traits_of(const Recipe& recipe) {
  const ModelConfig config = resolve(recipe, 1);  // the width does not matter
  const auto latent = make_latent(config);
  return {.has_prior = latent->prior() != nullptr,
          .has_unit_kl = latent->prior() && latent->prior()->has_unit_kl(),
          .has_classes = make_likelihood(config)->measure() == Measure::classes,
          .infers_label = config.infers_label,
          .has_columns = make_likelihood(config)->measure() == Measure::columns,
          .bound_samples = make_objective(config)->bound_samples()};
}

}  // namespace elbo
