#include "recipe/keys.h"

namespace elbo {
namespace {

constexpr Choice kPrecisions[] = {{"auto"}, {"fp32"}, {"tf32"}, {"bf16"}};
std::span<const Choice> precision_choices() {
  return kPrecisions;
}

template <auto Member>
SettingRef at(Recipe& recipe) {
  return &(recipe.train.*Member);
}

using S = TrainSettings;
constexpr RecipeKey kKeys[] = {
    {.name = "train.epochs", .doc = "passes over the training data", .at = at<&S::epochs>, .bounds = kTimes},
    {.name = "train.batch", .doc = "examples a step", .at = at<&S::batch>, .bounds = kCount},
    {.name = "train.optimizer",
     .doc = "what moves the parameters by their gradient",
     .at = at<&S::optimizer>,
     .choices = optimizer_choices},
    {.name = "train.learning_rate",
     .doc = "of the optimizer",
     .at = at<&S::learning_rate>,
     .bounds = kPositive},
    {.name = "train.schedule",
     .doc = "how the learning rate goes",
     .at = at<&S::schedule>,
     .choices = schedule_choices},
    {.name = "train.warmup_epochs",
     .doc = "in which the rate grows linearly to the schedule's",
     .at = at<&S::warmup_epochs>,
     .bounds = kAtLeast0},
    {.name = "train.decay_epochs",
     .doc = "step: after which the rate falls, again and again",
     .at = at<&S::decay_epochs>,
     .bounds = kPositive},
    {.name = "train.decay_factor",
     .doc = "step: what it is multiplied by then",
     .at = at<&S::decay_factor>,
     .bounds = kPositive},
    {.name = "train.final_learning_rate",
     .doc = "cosine: at the last step",
     .at = at<&S::final_learning_rate>,
     .bounds = kAtLeast0},
    {.name = "train.stage_epochs",
     .doc = "staged: how long each stage is",
     .at = at<&S::stage_epochs>,
     .bounds = kCount,
     .turns_on = true},
    {.name = "train.stage_rates",
     .doc = "staged: the learning rate of each",
     .at = at<&S::stage_rates>,
     .bounds = kPositive,
     .turns_on = true},
    {.name = "train.beta1", .doc = "decay of the first moment", .at = at<&S::beta1>, .bounds = kFraction},
    {.name = "train.beta2",
     .doc = "decay of the second moment, or of adamax's largest gradient",
     .at = at<&S::beta2>,
     .bounds = kFraction},
    {.name = "train.epsilon", .doc = "the optimizer's ε", .at = at<&S::epsilon>, .bounds = kPositive},
    {.name = "train.weight_decay",
     .doc = "decoupled from the gradient",
     .at = at<&S::weight_decay>,
     .bounds = kAtLeast0},
    {.name = "train.skip_norm",
     .doc = "skip steps whose whole gradient has a larger norm, or none; 0: none",
     .at = at<&S::skip_norm>,
     .bounds = kAtLeast0},
    {.name = "train.normalize_gradient",
     .doc = "divide each tensor's gradient by its norm first",
     .at = at<&S::normalize_gradient>},
    {.name = "train.clip_norm",
     .doc = "largest norm of the whole gradient; 0: no clipping",
     .at = at<&S::clip_norm>,
     .bounds = kAtLeast0},
    {.name = "train.accumulation_steps",
     .doc = "batches whose gradient makes up one step",
     .at = at<&S::accumulation_steps>,
     .bounds = {.low = 1.0, .high = 1e6},
     .formerly = "train.accumulate"},
    {.name = "train.ema",
     .doc = "decay of the average of the weights that is evaluated and saved; 0: none",
     .at = at<&S::ema>,
     .bounds = kFraction},
    {.name = "train.patience",
     .doc = "epochs without a better validation cost, by the objective, after which to stop; 0: never",
     .at = at<&S::patience>,
     .bounds = kTimes},
    {.name = "train.seed",
     .doc = "of initial weights, shuffling, noise and which examples are held out",
     .at = at<&S::seed>,
     .bounds = kSeed},
    {.name = "train.tune",
     .doc = "on CUDA, time what can compute each product and take the fastest",
     .at = at<&S::tune>},
    {.name = "train.precision",
     .doc = "of products; auto: tf32 on CUDA, fp32 on the CPU",
     .at = at<&S::precision>,
     .choices = precision_choices},
};

}  // namespace

std::span<const RecipeKey> train_keys() {
  return kKeys;
}

}  // namespace elbo
