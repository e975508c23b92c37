// load_dataset: the data a recipe names.

#include "elbo/train.h"
#include "recipe/picture_settings.h"

namespace elbo {

Dataset load_dataset(const Recipe& recipe, const Model* like) {
  const DataSettings& settings = recipe.data;
  check_picture_settings(settings);
  LoadOptions options;
  options.table = {.label = settings.label,
                   .id = settings.id,
                   .columns = settings.columns,
                   .drop = settings.drop,
                   .kinds = settings.kinds,
                   .header = settings.header,
                   .decimal = settings.decimal};
  if (like) options.like = like->schema();
  options.resize = picture_resizing(settings, like ? like->picture().channels : 0);
  if (settings.background >= 0) options.background = static_cast<std::uint8_t>(settings.background);
  options.skip_bad = settings.skip_bad;
  Dataset data = load_dataset(settings.name, options);
  if (settings.binarize != "none") scale_grey_levels(data);
  if (!settings.mask.empty()) apply_mask(data, load_dataset(settings.mask));
  hold_out(data, settings.validation, settings.test, recipe.train.seed);
  return data;
}

}  // namespace elbo
