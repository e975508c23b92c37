#include "recipe/keys.h"

namespace elbo {
namespace {

template <auto Member>
SettingRef at(Recipe& recipe) {
  return setting_ref(recipe.objective.*Member);
}

using S = ObjectiveSettings;
constexpr RecipeKey kKeys[] = {
    {.name = "objective.kind",
     .doc = "maximised objective: the ELBO, or the importance-weighted bound",
     .at = at<&S::kind>,
     .choices = objective_choices,
     .turns_on = true},
    {.name = "objective.samples",
     .doc = "samples of z for each example of a step",
     .at = at<&S::samples>,
     .bounds = kWidth,
     .turns_on = true},
    {.name = "objective.beta",
     .doc = "weight of the KL in training; reports are unweighted",
     .at = at<&S::beta>,
     .bounds = kNonNegative},
    {.name = "objective.warmup_epochs",
     .doc = "epochs in which the KL's weight rises from 0 to beta",
     .at = at<&S::warmup_epochs>,
     .bounds = kNonNegative,
     .turns_on = true},
    {.name = "objective.cycles",
     .doc = "number of times that the KL's weight rises from 0 to beta in a training; 0: none",
     .at = at<&S::cycles>,
     .bounds = kTimes,
     .turns_on = true},
    {.name = "objective.ramp_fraction",
     .doc = "fraction of a cycle in which the weight rises",
     .at = at<&S::ramp_fraction>,
     .bounds = kShare,
     .with = "objective.cycles",
     .formerly = "objective.rising_share"},
    {.name = "objective.free_bits",
     .doc = "nats of each latent dimension's KL that cost nothing",
     .at = at<&S::free_bits>,
     .bounds = kNonNegative,
     .turns_on = true},
    {.name = "objective.capacity",
     .doc = "nats C in beta·|KL − C|; 0: none",
     .at = at<&S::capacity>,
     .bounds = kNonNegative,
     .turns_on = true},
    {.name = "objective.capacity_epochs",
     .doc = "epochs in which C rises from 0",
     .at = at<&S::capacity_epochs>,
     .bounds = kNonNegative,
     .with = "objective.capacity",
     .turns_on = true},
    {.name = "objective.code_l1",
     .doc = "weight of Σ|z|, for an autoencoder",
     .at = at<&S::code_l1>,
     .bounds = kNonNegative,
     .turns_on = true},
    {.name = "objective.code_l2",
     .doc = "weight of Σz², for an autoencoder",
     .at = at<&S::code_l2>,
     .bounds = kNonNegative,
     .turns_on = true},
    {.name = "objective.classifier_weight",
     .doc = "for m2, α: the weight of −log q(y|x) of all labelled examples together is α·N",
     .at = at<&S::classifier_weight>,
     .bounds = kNonNegative},
    {.name = "objective.classifier_alone",
     .doc = "for m2, the baseline: q(y|x) learns alone, from the labelled examples",
     .at = at<&S::classifier_alone>,
     .turns_on = true},
    {.name = "objective.corruption",
     .doc = "corruption of the encoder's input in training",
     .at = at<&S::corruption>,
     .choices = corruption_choices},
    {.name = "objective.corruption_amount",
     .doc = "standard deviation of gaussian, or fraction of values that masking drops",
     .at = at<&S::corruption_amount>,
     .bounds = kNonNegative,
     .turns_on = true},
};

}  // namespace

std::span<const RecipeKey> objective_keys() {
  return kKeys;
}

}  // namespace elbo
