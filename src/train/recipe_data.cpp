// load_dataset, limit_training: the data a recipe names.

#include "elbo/train.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/out_of_memory.h"
#include "data/classes.h"
#include "recipe/picture_settings.h"

namespace elbo {
namespace {

/// Puts columns in another order, or leaves some out.
void take_columns(Examples& examples, const std::vector<std::int64_t>& columns) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < examples.count; ++i) {
    for (const std::int64_t column : columns) values.push_back(examples.value(i, column));
  }
  examples.dims = std::ssize(columns);
  examples.floats = std::move(values);
  examples.bytes.clear();
  examples.sparse = {};
}

/// The mask's columns that have the names of the data's. Throws DataError if one is missing.
Dataset load_mask(const std::string& name, const Dataset& data) {
  LoadOptions options;
  options.table.label = options.table.id = "none";
  Dataset mask = load_dataset(name, options);
  if (mask.columns.empty() || data.columns.empty()) return mask;
  std::vector<std::int64_t> columns;
  for (const std::string& column : data.columns) {
    const auto found = std::ranges::find(mask.columns, column);
    if (found == mask.columns.end())
      throw DataError(concat("data.mask, ", name, ": has no column \"", column, "\" as ", data.name, " has"));
    columns.push_back(found - mask.columns.begin());
  }
  take_columns(mask.train, columns);
  return mask;
}

void keep_labelled(Dataset& data) {
  const std::int64_t count = data.train.count;
  data.train = labelled(data.train);
  if (data.train.count == count) return;
  data.notes.push_back(concat(data.train.count, " of ", count,
                              " training examples have a label and are used (objective.classifier_alone)"));
}

}  // namespace

Dataset load_dataset(const Recipe& recipe, const Model* like, const RecipeLoadOptions& more) {
  const DataSettings& settings = recipe.data;
  check_picture_settings(settings);
  LoadOptions options;
  options.table = {.label = more.label.empty() ? settings.label : more.label,
                   .id = more.id.empty() ? settings.id : more.id,
                   .columns = settings.columns,
                   .drop = settings.drop,
                   .kinds = settings.kinds,
                   .header = settings.header,
                   .decimal = settings.decimal,
                   .label_required = !more.label.empty() && more.label != "none",
                   .id_required = !more.id.empty() && more.id != "none",
                   .label_value = more.label_value};
  options.keep_source = more.keep_source;
  if (like) options.like = like->schema();
  options.resize = picture_resizing(settings, like ? like->picture().channels : 0);
  if (settings.background >= 0) options.background = static_cast<std::uint8_t>(settings.background);
  options.skip_bad = settings.skip_bad;
  Dataset data = load_dataset(settings.name, options);
  for (const auto& [column, setting] : {std::pair(more.label, "data.label"), std::pair(more.id, "data.id")}) {
    if (!column.empty() && data.schema.empty())
      throw ConfigError(concat(setting, " is for tables, which ", settings.name, " is not."));
  }
  if (settings.binarize != Binarize::none) scale_grey_levels(data);
  return with_memory_errors([&] {
    const bool conditional = !recipe.model.condition.empty();
    const std::vector<std::string>& known = (like ? like->recipe() : recipe).model.condition_classes;
    if (conditional) known.empty() ? data::number_labels(data) : data::match_labels(data, known);
    if (!settings.mask.empty()) apply_mask(data, load_mask(settings.mask, data));
    hold_out(data, settings.validation, settings.test, recipe.train.seed);
    limit_training(data, settings.limit);
    if (settings.labels > 0 && !like) data::keep_labels(data, settings.labels, recipe.train.seed);
    if (recipe.objective.classifier_alone && !like) keep_labelled(data);
    if (conditional && !like) data::note_unlearned_labels(data);
    return std::move(data);
  });
}

void limit_training(Dataset& data, std::int64_t max_count) {
  const std::int64_t count = data.train.count;
  if (max_count == 0 || max_count >= count) return;
  data.train = data.train.evenly_spaced(max_count);
  data.notes.push_back(concat(max_count, " of ", count, " training examples are used (data.limit)"));
}

}  // namespace elbo
