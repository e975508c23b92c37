// load_dataset: the data a recipe names.

#include "elbo/train.h"

namespace elbo {

Dataset load_dataset(const Recipe& recipe, std::int64_t channels) {
  const DataSettings& settings = recipe.data;
  LoadOptions options;
  if (settings.picture_size > 0)
    options.resize = PictureShape{settings.picture_size, settings.picture_size, channels};
  Dataset data = load_dataset(settings.name, options);
  if (!settings.mask.empty()) apply_mask(data, load_dataset(settings.mask));
  hold_out(data, settings.validation, settings.test, recipe.train.seed);
  return data;
}

}  // namespace elbo
