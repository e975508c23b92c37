#include "math/activation_kind.h"
#include "math/likelihoods/constants.h"
#include "recipe/keys.h"

namespace elbo {
namespace {

constexpr Choice kInitializations[] = {{"pytorch"}, {"he"}, {"glorot"}};
std::span<const Choice> initialization_choices() {
  return kInitializations;
}
constexpr Choice kOutputBiases[] = {{.name = "random", .formerly = "drawn"}, {"data"}};
std::span<const Choice> output_bias_choices() {
  return kOutputBiases;
}

std::vector<Choice> names_of_activations() {
  std::vector<Choice> choices;
  for (const ActivationName& activation : kActivations) choices.push_back({activation.name});
  return choices;
}
std::span<const Choice> activation_choices() {
  static const std::vector<Choice> choices = names_of_activations();
  return choices;
}

template <auto Member>
SettingRef at(Recipe& recipe) {
  return setting_ref(recipe.model.*Member);
}

using S = ModelSettings;
constexpr RecipeKey kKeys[] = {
    {.name = "model.kind",
     .doc = "a VAE, one that infers labels too, or an autoencoder without a prior",
     .at = at<&S::kind>,
     .choices = latent_choices},
    {.name = "model.encoder",
     .doc = "the encoder's hidden layers: widths, or texts as in docs/networks.md",
     .at = at<&S::encoder>,
     .bounds = kWidth},
    {.name = "model.decoder",
     .doc = "the decoder's hidden layers, written in the same way",
     .at = at<&S::decoder>,
     .bounds = kWidth},
    {.name = "model.latent", .doc = "dimensions of z", .at = at<&S::latent>, .bounds = kWidth},
    {.name = "model.prior", .doc = "p(z)", .at = at<&S::prior>, .choices = prior_choices, .turns_on = true},
    {.name = "model.components",
     .doc = "number of a mixture prior's Gaussians, or of vamp's pseudo-inputs",
     .at = at<&S::components>,
     .bounds = kWidth},
    {.name = "model.pseudo_inputs_sd",
     .doc = "spread of the initial pseudo-inputs around the training data's mean",
     .at = at<&S::pseudo_inputs_sd>,
     .bounds = kPositive},
    {.name = "model.prior_layers",
     .doc = "the hidden layers of a conditional prior's network of the label, written like model.encoder",
     .at = at<&S::prior_layers>,
     .bounds = kWidth},
    {.name = "model.log_variance_bounds",
     .doc = "low and high bound of log σ² of q(z|x), and of a conditional prior; empty: none",
     .at = at<&S::log_variance_bounds>,
     .turns_on = true},
    {.name = "model.activation",
     .doc = "activation of the hidden layers",
     .at = at<&S::activation>,
     .choices = activation_choices},
    {.name = "model.likelihood", .doc = "p(x|z)", .at = at<&S::likelihood>, .choices = likelihood_choices},
    {.name = "model.column_likelihoods",
     .doc =
         "p(x|z) of each column, as [\"gaussian-learned\", \"categorical 3\"]; empty: by the columns' kinds",
     .at = at<&S::column_likelihoods>},
    {.name = "model.variance",
     .doc = "σ² of gaussian and gaussian-sigmoid; initial σ² of gaussian-shared",
     .at = at<&S::variance>,
     .bounds = kPositive},
    {.name = "model.scale",
     .doc = "b of laplace, whose scale is fixed",
     .at = at<&S::scale>,
     .bounds = kPositive},
    {.name = "model.classes",
     .doc = "number of the categorical's classes: values are 0, 1, ... below this",
     .at = at<&S::classes>,
     .bounds = {.low = 2.0, .high = kMaxClasses}},
    {.name = "model.encode_mask",
     .doc = "the encoder also reads which values are missing",
     .at = at<&S::encode_mask>,
     .formerly = "model.see_mask"},
    {.name = "model.condition",
     .doc = "what encoder and decoder also read of each example: \"label\", and columns of a table by their "
            "names, which are then no values; empty: nothing",
     .at = at<&S::condition>,
     .turns_on = true},
    {.name = "model.condition_kinds",
     .doc = "how they read it, unless it is the label alone: \"numeric\", or \"categorical 3\" with the "
            "number of "
            "its levels; empty: by the columns' kinds",
     .at = at<&S::condition_kinds>,
     .with = "model.condition"},
    {.name = "model.condition_classes",
     .doc = "the names of labels 0, 1, … that a conditional model knows; empty: those of the training data",
     .at = at<&S::condition_classes>,
     .with = "model.condition"},
    {.name = "model.classifier",
     .doc = "the hidden layers of m2's q(y|x), written like model.encoder",
     .at = at<&S::classifier>,
     .bounds = kWidth},
    {.name = "model.initialization",
     .doc = "uniform ±1/√fan_in like PyTorch's Linear; He's; Glorot's",
     .at = at<&S::initialization>,
     .choices = initialization_choices},
    {.name = "model.output_bias",
     .doc = "the decoder's initial output bias: random, or such that the output is the training data's mean "
            "(or frequencies)",
     .at = at<&S::output_bias>,
     .choices = output_bias_choices},
};

}  // namespace

std::span<const RecipeKey> model_keys() {
  return kKeys;
}

}  // namespace elbo
