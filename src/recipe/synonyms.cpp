#include "recipe/synonyms.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace elbo {
namespace {

constexpr Synonym kSynonyms[] = {
    {"accumulate_grad_batches", "train.accumulation_steps"},
    {"annealing_epochs", "objective.warmup_epochs"},
    {"batch_size", "train.batch"},
    {"beta_warmup", "objective.warmup_epochs"},
    {"bottleneck", "model.latent"},
    {"clip_grad_norm", "train.clip_norm"},
    {"code_dim", "model.latent"},
    {"data_path", "data.name"},
    {"dataset", "data.name"},
    {"decoder_layers", "model.decoder"},
    {"decoder_units", "model.decoder"},
    {"early_stopping", "train.patience"},
    {"encoder_layers", "model.encoder"},
    {"encoder_units", "model.encoder"},
    {"eps", "train.epsilon"},
    {"file", "data.name"},
    {"grad_clip", "train.clip_norm"},
    {"gradient_accumulation_steps", "train.accumulation_steps"},
    {"gradient_clip_val", "train.clip_norm"},
    {"hidden", "model.encoder"},
    {"hidden_dim", "model.encoder"},
    {"hidden_dims", "model.encoder"},
    {"hidden_size", "model.encoder"},
    {"hidden_units", "model.encoder"},
    {"image_size", "data.picture_size"},
    {"init", "model.initialization"},
    {"input", "data.name"},
    {"iwae_samples", "objective.samples"},
    {"k", "objective.samples"},
    {"kl_warmup", "objective.warmup_epochs"},
    {"kl_weight", "objective.beta"},
    {"l2", "train.weight_decay"},
    {"latent_dim", "model.latent"},
    {"latent_dims", "model.latent"},
    {"latent_size", "model.latent"},
    {"latents", "model.latent"},
    {"layers", "model.encoder"},
    {"learning_rate_decay", "train.decay_factor"},
    {"loss", "model.likelihood"},
    {"lr", "train.learning_rate"},
    {"lr_scheduler", "train.schedule"},
    {"max_epochs", "train.epochs"},
    {"max_iter", "train.epochs"},
    {"mixed_precision", "train.precision"},
    {"n_epochs", "train.epochs"},
    {"n_latent", "model.latent"},
    {"noise", "objective.corruption"},
    {"nonlinearity", "model.activation"},
    {"normalize", "data.standardize"},
    {"num_epochs", "train.epochs"},
    {"num_samples", "objective.samples"},
    {"optim", "train.optimizer"},
    {"random_seed", "train.seed"},
    {"random_state", "train.seed"},
    {"reconstruction_loss", "model.likelihood"},
    {"scale_data", "data.standardize"},
    {"scheduler", "train.schedule"},
    {"standardise", "data.standardize"},
    {"target", "data.label"},
    {"test_size", "data.test"},
    {"test_split", "data.test"},
    {"val_split", "data.validation"},
    {"validation_fraction", "data.validation"},
    {"validation_split", "data.validation"},
    {"wd", "train.weight_decay"},
    {"z_dim", "model.latent"},
};

std::string plain(std::string_view name) {
  std::string word(name.substr(name.rfind('.') + 1));
  std::ranges::transform(word, word.begin(),
                         [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::tolower(c)); });
  return word;
}

}  // namespace

std::span<const Synonym> synonyms() {
  return kSynonyms;
}

std::optional<std::string_view> key_meant_by(std::string_view name) {
  const std::string word = plain(name);
  const auto* found = std::ranges::find(kSynonyms, word, &Synonym::word);
  return found == std::end(kSynonyms) ? std::nullopt : std::optional(found->key);
}

}  // namespace elbo
