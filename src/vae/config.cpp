#include "vae/config.h"

#include "base/check.h"
#include "recipe/conditions.h"

namespace elbo {
namespace {

/// Checks settings that did not pass through Recipe::validate(), which has the helpful message.
template <class Kind>
Kind find(const std::optional<Kind>& kind, const char* key, const std::string& name) {
  if (!kind) throw ConfigError(concat(key, " = \"", name, "\" is not known"));
  return *kind;
}

std::int32_t condition_classes(const ModelSettings& settings) {
  if (!reads_label_alone(settings)) return 0;
  if (settings.condition_classes.empty()) {
    throw ConfigError(
        "model.condition_classes is empty: it names the labels that model.condition reads "
        "(elbo::follow_data)");
  }
  return static_cast<std::int32_t>(settings.condition_classes.size());
}

std::vector<std::int32_t> condition_levels(const ModelSettings& settings) {
  if (settings.condition.empty() || reads_label_alone(settings)) return {};
  std::vector<std::int32_t> levels = levels_read(settings);
  if (levels.size() == settings.condition.size()) return levels;
  throw ConfigError(concat("model.condition_kinds has ", levels.size(), " kinds, and model.condition ",
                           settings.condition.size(),
                           " names: it says how each of them is read (elbo::follow_data)"));
}

}  // namespace

ModelConfig resolve(const ModelSettings& settings, std::int64_t dims, const PictureShape& picture) {
  if (dims < 1) throw ConfigError(concat("a model needs rows of at least one value, not ", dims));
  ModelConfig config;
  config.dims = dims;
  config.picture = picture;
  config.kind = settings.kind;
  config.prior = settings.prior;
  config.components = settings.components;
  config.pseudo_inputs_sd = settings.pseudo_inputs_sd;
  config.prior_layers = settings.prior_layers;
  config.log_variance_bounds = settings.log_variance_bounds;
  config.latent = settings.latent;
  config.encoder = settings.encoder;
  config.decoder = settings.decoder;
  config.activation = find(activation_named(settings.activation), "model.activation", settings.activation);
  config.likelihood = settings.likelihood;
  config.column_likelihoods = settings.column_likelihoods;
  config.condition_classes = condition_classes(settings);
  config.condition_levels = condition_levels(settings);
  config.infers_label = settings.kind == "m2";
  config.classifier = settings.classifier;
  config.missing = config.encode_mask = settings.encode_mask;
  config.constants.variance = static_cast<float>(settings.variance);
  config.constants.scale = static_cast<float>(settings.scale);
  config.constants.classes = static_cast<std::int32_t>(settings.classes);
  config.initialization = settings.initialization;
  return config;
}

ModelConfig resolve(const Recipe& recipe, std::int64_t dims, const PictureShape& picture) {
  ModelConfig config = resolve(recipe.model, dims, picture);
  config.objective = recipe.objective;
  config.missing = config.missing || recipe.data.missing == MissingValues::mask || !recipe.data.mask.empty();
  return config;
}

}  // namespace elbo
