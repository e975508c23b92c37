// load_dataset: the data a recipe names.

#include "elbo/train.h"
#include "recipe/picture_settings.h"

namespace elbo {

Dataset load_dataset(const Recipe& recipe, std::int64_t channels) {
  const DataSettings& settings = recipe.data;
  check_picture_settings(settings);
  LoadOptions options;
  options.resize = picture_resizing(settings, channels);
  if (settings.background >= 0) options.background = static_cast<std::uint8_t>(settings.background);
  options.skip_bad = settings.skip_bad;
  Dataset data = load_dataset(settings.name, options);
  if (settings.binarize != "none") scale_grey_levels(data);
  if (!settings.mask.empty()) apply_mask(data, load_dataset(settings.mask));
  hold_out(data, settings.validation, settings.test, recipe.train.seed);
  return data;
}

}  // namespace elbo
