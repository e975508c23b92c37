#pragma once
// The bound of a model that infers labels (Kingma et al. 2014, "M2"), in float64 from its formulas.

#include <cmath>
#include <numeric>
#include <vector>

#include "support/reference_vae.h"

namespace elbo::test {

/// What an example costs: an unlabelled one U(x) = Σ_y q(y|x) (−log p(x|y, z) − log p(y) + β KL_y + …) − H,
/// all of the KL weighted by β; a labelled one with its own y alone, and `classifier` · −log q(y|x).
struct M2Costs {
  double nll = 0.0, kl = 0.0, cost = 0.0;
};

/// log q(y|x) of each class.
inline std::vector<double> reference_log_classes(const ReferenceVae& vae, const ModelConfig& config,
                                                 std::vector<double> x) {
  const ReferenceLayers layers(vae.tensors(), config.activation);
  const ReferenceRow hidden = layers.hidden("classifier", config.classifier, {std::move(x), {}}, {});
  std::vector<double> logits = layers.linear("classifier.logits", hidden.values);
  double sum = 0.0;
  for (const double logit : logits) sum += std::exp(logit);
  for (double& logit : logits) logit -= std::log(sum);
  return logits;
}

/// `label` is −1 where it is not known; ε [latent] serves every class.
inline M2Costs reference_m2(const ReferenceVae& vae, const ModelConfig& config, const double* x,
                            const double* epsilon, std::int32_t label, double beta, double classifier) {
  const auto log_q = reference_log_classes(vae, config, {x, x + config.dims});
  const double log_classes = std::log(static_cast<double>(config.condition_classes));
  M2Costs result;
  for (std::int32_t y = 0; y < config.condition_classes; ++y) {
    if (label >= 0 && y != label) continue;
    const auto costs = vae.costs(x, epsilon, 1, nullptr, nullptr, y);
    const double own = log_q[static_cast<std::size_t>(y)];
    const double weight = label >= 0 ? 1.0 : std::exp(own);
    result.nll += weight * costs.nll[0];
    result.kl += weight * (costs.kl + log_classes + (label >= 0 ? 0.0 : own));
    if (label >= 0) result.cost -= classifier * own;
  }
  result.cost += result.nll + beta * result.kl;
  return result;
}

}  // namespace elbo::test
