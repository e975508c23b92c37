#include "vae/objective/objective.h"

namespace elbo {

Objective resolve(const ObjectiveSettings& settings) {
  Objective objective;
  objective.importance_weighted = settings.kind == "iwae";
  objective.free_nats = static_cast<float>(settings.free_bits);
  objective.has_capacity = settings.capacity > 0.0;
  objective.code = {static_cast<float>(settings.code_l1), static_cast<float>(settings.code_l2)};
  if (settings.corruption == "gaussian") objective.corruption = ops::Corruption::gaussian;
  if (settings.corruption == "masking") objective.corruption = ops::Corruption::masking;
  objective.corruption_amount = static_cast<float>(settings.corruption_amount);
  return objective;
}

}  // namespace elbo
