#include "recipe/keys.h"

namespace elbo {
namespace {

template <auto Member>
SettingRef at(Recipe& recipe) {
  return &(recipe.objective.*Member);
}

using S = ObjectiveSettings;
constexpr RecipeKey kKeys[] = {
    {.name = "objective.kind",
     .doc = "what is maximised: the ELBO, or the importance-weighted bound",
     .at = at<&S::kind>,
     .choices = objective_choices,
     .turns_on = true},
    {.name = "objective.samples",
     .doc = "of z for each example of a step",
     .at = at<&S::samples>,
     .bounds = kWidth,
     .turns_on = true},
    {.name = "objective.beta",
     .doc = "weight of the KL while training; reports stay unweighted",
     .at = at<&S::beta>,
     .bounds = kAtLeast0},
    {.name = "objective.warmup_epochs",
     .doc = "over which the KL's weight rises from 0 to beta",
     .at = at<&S::warmup_epochs>,
     .bounds = kAtLeast0,
     .turns_on = true},
    {.name = "objective.cycles",
     .doc = "rises of the KL's weight from 0 to beta in a training; 0: none",
     .at = at<&S::cycles>,
     .bounds = kTimes,
     .turns_on = true},
    {.name = "objective.ramp_fraction",
     .doc = "part of a cycle in which it rises",
     .at = at<&S::ramp_fraction>,
     .bounds = kShare,
     .with = "objective.cycles",
     .formerly = "objective.rising_share"},
    {.name = "objective.free_bits",
     .doc = "nats of each latent dimension's KL that cost nothing",
     .at = at<&S::free_bits>,
     .bounds = kAtLeast0,
     .turns_on = true},
    {.name = "objective.capacity",
     .doc = "nats C in beta·|KL − C|; 0: none",
     .at = at<&S::capacity>,
     .bounds = kAtLeast0,
     .turns_on = true},
    {.name = "objective.capacity_epochs",
     .doc = "over which C rises from 0",
     .at = at<&S::capacity_epochs>,
     .bounds = kAtLeast0,
     .with = "objective.capacity",
     .turns_on = true},
    {.name = "objective.code_l1",
     .doc = "times Σ|z|, of an autoencoder",
     .at = at<&S::code_l1>,
     .bounds = kAtLeast0,
     .turns_on = true},
    {.name = "objective.code_l2",
     .doc = "times Σz², of an autoencoder",
     .at = at<&S::code_l2>,
     .bounds = kAtLeast0,
     .turns_on = true},
    {.name = "objective.corruption",
     .doc = "of what the encoder sees while training",
     .at = at<&S::corruption>,
     .choices = corruption_choices},
    {.name = "objective.corruption_amount",
     .doc = "standard deviation, or fraction of values that masking drops",
     .at = at<&S::corruption_amount>,
     .bounds = kAtLeast0,
     .turns_on = true},
};

}  // namespace

std::span<const RecipeKey> objective_keys() {
  return kKeys;
}

}  // namespace elbo
