// load_dataset: the data a recipe names.

#include "elbo/train.h"

namespace elbo {

Dataset load_dataset(const Recipe& recipe, const Model* like) {
  const DataSettings& settings = recipe.data;
  LoadOptions options;
  options.table = {.label = settings.label,
                   .id = settings.id,
                   .columns = settings.columns,
                   .drop = settings.drop,
                   .kinds = settings.kinds,
                   .header = settings.header,
                   .decimal = settings.decimal};
  if (like) options.like = like->schema();
  const std::int64_t size = settings.picture_size;
  if (size > 0) options.resize = PictureShape{size, size, like ? like->picture().channels : 0};
  Dataset data = load_dataset(settings.name, options);
  if (!settings.mask.empty()) apply_mask(data, load_dataset(settings.mask));
  hold_out(data, settings.validation, settings.test, recipe.train.seed);
  return data;
}

}  // namespace elbo
