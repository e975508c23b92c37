#include "vae/traits.h"

#include "vae/config.h"
#include "vae/latent/latent.h"
#include "vae/likelihood/likelihood.h"
#include "vae/objective/objective.h"

namespace elbo {

ModelTraits traits_of(const Recipe& recipe) {
  const ModelConfig config = resolve(recipe, 1);  // however wide the data is
  return {.has_prior = make_latent(config)->prior() != nullptr,
          .has_classes = make_likelihood(config)->measure() == Measure::classes,
          .bound_samples = make_objective(config)->bound_samples()};
}

}  // namespace elbo
