// Settings that follow the data: what a recipe leaves open, and a recipe for data that has none.

#include "elbo/train.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"
#include "data/classes.h"
#include "data/rows.h"
#include "math/likelihoods/list.h"
#include "recipe/conditions.h"

namespace elbo {
namespace {

/// The number of classes of column j: its levels, or one more than its largest value in any split.
std::int64_t classes_of(const Dataset& data, const Column& column, std::int64_t j) {
  if (!column.levels.empty()) return std::max<std::int64_t>(std::ssize(column.levels), 2);
  float largest = 1.0f;
  for (const Examples* split : {&data.train, &data.validation, &data.test}) {
    for (std::int64_t i = 0; i < split->count; ++i) {
      const float value = split->value(i, j);
      if (value > largest) largest = value;
    }
  }
  return static_cast<std::int64_t>(largest) + 1;
}

std::string likelihood_of(const Dataset& data, const Column& column, std::int64_t j) {
  switch (column.kind) {
    case ColumnKind::binary:
      return "bernoulli";
    case ColumnKind::count:
      return "negative-binomial";
    case ColumnKind::categorical: {
      const std::int64_t classes = classes_of(data, column, j);
      if (classes <= kMaxClasses) return concat("categorical ", classes);
      throw DataError(
          concat(data.train.origin, ": column ", data::shown(column.name), " has ", classes,
                 " classes, and the categorical likelihood takes ", kMaxClasses,
                 " at most.\nLeave it out with data.drop, or give it another kind with data.kinds."));
    }
    default:
      return "gaussian-learned";
  }
}

std::vector<std::string> likelihoods_of(const Dataset& data) {
  std::vector<Column> columns = modelled_columns(data.schema);
  columns.resize(static_cast<std::size_t>(data.dims()));  // data without a schema has numbers
  std::vector<std::string> likelihoods;
  for (std::size_t j = 0; j < columns.size(); ++j)
    likelihoods.push_back(likelihood_of(data, columns[j], static_cast<std::int64_t>(j)));
  return likelihoods;
}

/// The encoder's inputs: classes are one-hot.
std::int64_t input_width(const Dataset& data) {
  std::int64_t width = data.dims();
  for (const Column& column : modelled_columns(data.schema)) {
    if (column.kind == ColumnKind::categorical) width += std::ssize(column.levels);
  }
  return width;
}

bool holds_counts_alone(const Dataset& data) {
  if (!data.schema.empty()) {
    const auto columns = modelled_columns(data.schema);
    const auto counts = [](const Column& c) { return c.kind == ColumnKind::count; };
    const auto may_count = [](const Column& c) {  // 0 and 1 are counts as well
      return c.kind == ColumnKind::count || (c.kind == ColumnKind::binary && c.levels.empty());
    };
    return std::ranges::all_of(columns, may_count) && std::ranges::any_of(columns, counts);
  }
  const std::vector<float>& values = data::stored_floats(data.train);
  const auto is_count = [](float v) {
    return std::isnan(v) || (v >= 0.0f && v <= kMaxCount && v == std::floor(v));
  };
  return !data.picture.is_picture() && std::ranges::all_of(values, is_count) &&
         std::ranges::any_of(values, [](float v) { return v > 1.0f; });
}

/// Whether all values lie in [0, 1]; bytes stand for such values.
bool lies_in_unit_interval(const Examples& examples) {
  return std::ranges::all_of(data::stored_floats(examples),
                             [](float v) { return std::isnan(v) || (v >= 0.0f && v <= 1.0f); });
}

/// Layers and batches by the data's size: a narrow table needs no wide layer, and few rows no large batch.
void set_sizes(Recipe& recipe, const Dataset& data) {
  const std::int64_t width = input_width(data), rows = data.train.count;
  const std::int64_t hidden = width <= 32 ? 128 : width <= 256 ? 256 : 512;
  recipe.model.encoder = recipe.model.decoder = {hidden, hidden};
  recipe.model.latent = std::clamp<std::int64_t>(std::llround(std::sqrt(static_cast<double>(width))), 2, 32);
  recipe.train.batch = rows < 1000 ? 16 : rows < 10'000 ? 64 : 128;
}

/// Epochs for at most ten minutes on two cores, which make about 20 GFLOP a second with such layers.
std::int64_t epochs_within(double seconds, const Recipe& recipe, const Dataset& data) {
  constexpr double kRate = 2e10, kSecondsPerValue = 3e-8, kMax = 500.0;
  const auto width = static_cast<double>(input_width(data));
  const auto hidden = static_cast<double>(*recipe.model.encoder.front().width());
  const double parameters = 2.0 * hidden * (1.5 * width + hidden + static_cast<double>(recipe.model.latent));
  const double epoch =
      static_cast<double>(data.train.count) * (6.0 * parameters / kRate + width * kSecondsPerValue);
  return static_cast<std::int64_t>(std::clamp(seconds / epoch, 1.0, kMax));
}

/// The labels for a conditional model.
std::vector<std::string> known_labels(const Dataset& data) {
  std::vector<std::string> names = data::class_names(data);
  if (!names.empty()) return names;
  throw DataError(concat("model.condition reads labels, and the data ", data.name, " has none.\n",
                         data.train.from_text ? "Name their column with data.label, or leave" : "Leave",
                         " model.condition out."));
}

/// How a conditional model reads each condition, by the columns that were read for it.
std::vector<std::string> kinds_of_conditions(const ModelSettings& settings, const Dataset& data) {
  const std::vector<Column> columns = condition_columns(data.schema);
  std::vector<std::string> kinds;
  for (const std::string& name : settings.condition) {
    if (name == kLabelCondition) {
      kinds.push_back(condition_kind(std::ssize(settings.condition_classes)));
      continue;
    }
    const auto column = std::ranges::find(columns, name, &Column::name);
    if (column == columns.end()) {
      throw DataError(concat("model.condition names ", data::shown(name), ", and the data ", data.name,
                             " was read without such a condition: load it with the recipe, or set "
                             "model.condition_kinds."));
    }
    kinds.push_back(condition_kind(std::ssize(column->levels)));
  }
  return kinds;
}

std::string likelihood_for(const Dataset& data) {
  if (holds_counts_alone(data)) return "negative-binomial";
  if (!data.schema.empty()) return "mixed";
  return lies_in_unit_interval(data.train) ? "bernoulli" : "gaussian-learned";
}

}  // namespace

Recipe follow_data(Recipe recipe, const Dataset& data) {
  if (recipe.data.missing == MissingValues::automatic) {
    recipe.data.missing = data.schema.empty() ? MissingValues::error : MissingValues::mask;
  }
  if (recipe.model.likelihood == "mixed" && recipe.model.column_likelihoods.empty())
    recipe.model.column_likelihoods = likelihoods_of(data);
  ModelSettings& model = recipe.model;
  if (reads_label(model) && model.condition_classes.empty()) model.condition_classes = known_labels(data);
  if (!columns_read(model).empty() && model.condition_kinds.empty())
    model.condition_kinds = kinds_of_conditions(model, data);
  return recipe;
}

Recipe recipe_for(const Dataset& data, std::string_view likelihood) {
  constexpr double kSeconds = 600.0;
  Recipe recipe;
  recipe.name = data.name;
  recipe.description = concat("Made for the data ", data.name);
  recipe.data.name = data.name;
  recipe.model.likelihood = likelihood.empty() ? likelihood_for(data) : std::string(likelihood);
  const auto kind = likelihood_named(recipe.model.likelihood);
  recipe.data.standardize = !kind || likelihood_support(*kind) == Support::real;  // of mixed tables, too
  recipe.model.output_bias = OutputBias::data;
  set_sizes(recipe, data);
  recipe.train.epochs = epochs_within(kSeconds, recipe, data);
  if (!data.validation.empty()) recipe.train.patience = std::min<std::int64_t>(30, recipe.train.epochs);
  return follow_data(std::move(recipe), data);
}

}  // namespace elbo
