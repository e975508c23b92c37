// load_dataset, limit_training: the data a recipe names.

#include "elbo/train.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/check.h"
#include "base/out_of_memory.h"
#include "base/text.h"
#include "data/classes.h"
#include "recipe/conditions.h"
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

Dataset load(const Recipe& recipe, const Model* like, const RecipeLoadOptions& more, int stages);

/// The codes of examples, with their labels and ids. The standard deviations of q(z|x) are left out.
void take_codes(const Model& model, Examples& examples) {
  if (examples.empty()) return;
  Table codes = model.encode(examples).mean;
  examples.dims = codes.cols;
  examples.floats = std::move(codes.values);
  examples.bytes.clear();
  examples.sparse = {};
  examples.source.reset();
}

/// The data that the recipe names, read as `model` was trained to.
Dataset load_for(const Model& model, const Recipe& recipe, const RecipeLoadOptions& more, int stages) {
  Recipe own = model.recipe();
  own.data.name = recipe.data.name;
  own.data.validation = recipe.data.validation;
  own.data.test = recipe.data.test;
  own.data.limit = 0;
  own.data.mask = {};
  if (!recipe.data.label.empty()) own.data.label = recipe.data.label;
  if (!recipe.data.id.empty()) own.data.id = recipe.data.id;
  if (recipe.data.header != HeaderLine::automatic) own.data.header = recipe.data.header;
  if (recipe.data.decimal != DecimalSign::automatic) own.data.decimal = recipe.data.decimal;
  return load(own, &model, more, stages);
}

/// The same as codes of the model that data.codes_of names.
Dataset load_codes(const Recipe& recipe, const RecipeLoadOptions& more, int stages) {
  constexpr int kMaxStages = 8;
  if (stages >= kMaxStages)
    throw ConfigError(
        concat("data.codes_of leads through more than ", kMaxStages, " models, or in a circle."));
  const std::string& first = recipe.data.codes_of;
  std::error_code ignored;
  if (!std::filesystem::exists(first, ignored)) {
    throw ConfigError(
        concat("data.codes_of = \"", data::escaped(first),
               "\" is no trained run and no model file; train a recipe first, and name its run."));
  }
  const Model model = Model::load(first, Device::cpu());  // the same codes with a GPU and without
  if (!model.recipe().model.condition.empty())
    throw ConfigError(concat("data.codes_of = \"", data::escaped(first), "\" reads ",
                             reads_label(model.recipe().model) ? "the labels" : "columns",
                             " itself (model.condition), so that its codes would tell them."));
  Dataset data = load_for(model, recipe, more, stages + 1);
  for (Examples* split : {&data.train, &data.validation, &data.test}) take_codes(model, *split);
  data.schema = {};
  data.picture = {};
  data.columns.clear();
  data.notes.push_back(concat("each row is a code of ", model.latent(), " numbers, by ", first));
  return data;
}

void keep_labelled(Dataset& data) {
  const std::int64_t count = data.train.count;
  data.train = labelled(data.train);
  if (data.train.count == count) return;
  data.notes.push_back(concat(data.train.count, " of ", count,
                              " training examples have a label and are used (objective.classifier_alone)"));
}

/// The data in the file, or that is known by the name.
Dataset load_named(const Recipe& recipe, const Model* like, const RecipeLoadOptions& more) {
  const DataSettings& settings = recipe.data;
  LoadOptions options;
  options.table = {.label = more.label.empty() ? settings.label : more.label,
                   .id = more.id.empty() ? settings.id : more.id,
                   .columns = settings.columns,
                   .drop = settings.drop,
                   .kinds = settings.kinds,
                   .conditions = columns_read(recipe.model),
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
  if (const auto& names = options.table.conditions; !names.empty() && data.schema.empty())
    throw DataError(concat("model.condition reads the column ", data::shown(names[0]), ", and ", data.name,
                           " is no table with columns."));
  for (const auto& [column, setting] : {std::pair(more.label, "data.label"), std::pair(more.id, "data.id")}) {
    if (!column.empty() && data.schema.empty())
      throw ConfigError(concat(setting, " is for tables, which ", settings.name, " is not."));
  }
  return data;
}

/// The same where `stages` models have led here by data.codes_of.
Dataset load(const Recipe& recipe, const Model* like, const RecipeLoadOptions& more, int stages) {
  const DataSettings& settings = recipe.data;
  check_picture_settings(settings);
  Dataset data = settings.codes_of.empty()
                     ? load_named(recipe, like, more)
                     : with_memory_errors([&] { return load_codes(recipe, more, stages); });
  if (settings.binarize != Binarize::none) scale_grey_levels(data);
  return with_memory_errors([&] {
    const bool conditional = reads_label(recipe.model);
    const std::vector<std::string>& known = (like ? like->recipe() : recipe).model.condition_classes;
    if (conditional) known.empty() ? data::number_labels(data) : data::match_labels(data, known);
    if (!settings.mask.empty()) apply_mask(data, load_mask(settings.mask, data));
    hold_out(data, settings.validation, settings.test, recipe.train.seed);
    limit_training(data, settings.limit);
    if (settings.labels > 0 && !like) data::keep_labels(data, settings.labels, recipe.train.seed);
    if (recipe.objective.classifier_alone && !like) keep_labelled(data);
    if (conditional && !like) data::note_unlearned_labels(data);
    if (!like) data::note_unlearned_levels(data);
    return std::move(data);
  });
}

}  // namespace

Dataset load_dataset(const Recipe& recipe, const Model* like, const RecipeLoadOptions& more) {
  return load(recipe, like, more, 0);
}

void limit_training(Dataset& data, std::int64_t max_count) {
  const std::int64_t count = data.train.count;
  if (max_count == 0 || max_count >= count) return;
  data.train = data.train.evenly_spaced(max_count);
  data.notes.push_back(concat(max_count, " of ", count, " training examples are used (data.limit)"));
}

}  // namespace elbo
