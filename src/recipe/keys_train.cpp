#include "recipe/keys.h"

namespace elbo {
namespace {

constexpr Choice kPrecisions[] = {{"auto"}, {"fp32"}, {"tf32"}, {"bf16"}};
std::span<const Choice> precision_choices() {
  return kPrecisions;
}
constexpr Choice kBestBy[] = {{"objective"}, {"accuracy"}};
std::span<const Choice> best_by_choices() {
  return kBestBy;
}

template <auto Member>
SettingRef at(Recipe& recipe) {
  return setting_ref(recipe.train.*Member);
}

using S = TrainSettings;
constexpr RecipeKey kKeys[] = {
    {.name = "train.epochs", .doc = "passes over the training data", .at = at<&S::epochs>, .bounds = kTimes},
    {.name = "train.batch", .doc = "examples per batch", .at = at<&S::batch>, .bounds = kCount},
    {.name = "train.labelled_rows",
     .doc = "for m2, rows of each batch that are labelled examples, taken in turns; 0: they come like all "
            "others",
     .at = at<&S::labelled_rows>,
     .bounds = kTimes,
     .turns_on = true},
    {.name = "train.optimizer",
     .doc = "the rule that moves parameters by their gradient",
     .at = at<&S::optimizer>,
     .choices = optimizer_choices},
    {.name = "train.learning_rate",
     .doc = "learning rate of the optimizer",
     .at = at<&S::learning_rate>,
     .bounds = kPositive},
    {.name = "train.schedule",
     .doc = "schedule of the learning rate",
     .at = at<&S::schedule>,
     .choices = schedule_choices},
    {.name = "train.warmup_epochs",
     .doc = "epochs in which the rate rises linearly from 0 to the schedule's",
     .at = at<&S::warmup_epochs>,
     .bounds = kNonNegative},
    {.name = "train.decay_epochs",
     .doc = "step: epochs between falls of the rate",
     .at = at<&S::decay_epochs>,
     .bounds = kPositive},
    {.name = "train.decay_factor",
     .doc = "step: factor of each fall",
     .at = at<&S::decay_factor>,
     .bounds = kPositive},
    {.name = "train.final_learning_rate",
     .doc = "cosine: the rate at the last step",
     .at = at<&S::final_learning_rate>,
     .bounds = kNonNegative},
    {.name = "train.stage_epochs",
     .doc = "staged: epochs of each stage",
     .at = at<&S::stage_epochs>,
     .bounds = kCount,
     .turns_on = true},
    {.name = "train.stage_rates",
     .doc = "staged: learning rate of each stage",
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
     .doc = "weight decay, decoupled from the gradient",
     .at = at<&S::weight_decay>,
     .bounds = kNonNegative},
    {.name = "train.skip_norm",
     .doc = "skip steps whose gradient norm is larger or not finite; 0: skip none",
     .at = at<&S::skip_norm>,
     .bounds = kNonNegative},
    {.name = "train.normalize_gradient",
     .doc = "divide each tensor's gradient by its norm first",
     .at = at<&S::normalize_gradient>},
    {.name = "train.clip_norm",
     .doc = "maximum norm of the whole gradient; 0: no clipping",
     .at = at<&S::clip_norm>,
     .bounds = kNonNegative},
    {.name = "train.accumulation_steps",
     .doc = "batches whose gradients are added up for one step",
     .at = at<&S::accumulation_steps>,
     .bounds = {.low = 1.0, .high = 1e6},
     .formerly = "train.accumulate"},
    {.name = "train.ema",
     .doc = "decay of the weights' running average, which is evaluated and saved; 0: none",
     .at = at<&S::ema>,
     .bounds = kFraction},
    {.name = "train.patience",
     .doc = "stop after this many epochs without improvement of the validation objective; 0: never",
     .at = at<&S::patience>,
     .bounds = kTimes},
    {.name = "train.best_by",
     .doc =
         "what makes the best epoch: the validation objective, or for m2 the accuracy of validation labels",
     .at = at<&S::best_by>,
     .choices = best_by_choices,
     .turns_on = true},
    {.name = "train.seed",
     .doc = "seed of initial weights, shuffling, noise and held-out examples",
     .at = at<&S::seed>,
     .bounds = kSeed},
    {.name = "train.tune",
     .doc = "on CUDA, time the candidates for each product and take the fastest",
     .at = at<&S::tune>},
    {.name = "train.precision",
     .doc = "precision of products; auto: tf32 on CUDA, fp32 on the CPU",
     .at = at<&S::precision>,
     .choices = precision_choices},
};

}  // namespace

std::span<const RecipeKey> train_keys() {
  return kKeys;
}

}  // namespace elbo
