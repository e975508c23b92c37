#include "elbo/train.h"

#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "data/check.h"
#include "data/classes.h"
#include "model/conditions.h"
#include "model/schema_text.h"
#include "model/state.h"
#include "recipe/conditions.h"

namespace elbo {
namespace {

void check_dims(const Model& model, const Examples& examples, const char* split) {
  if (examples.dims == model.dims()) return;
  throw ShapeError(concat("the model is for rows of ", model.dims(), " values, but the ", split,
                          " examples have ", examples.dims,
                          ". Make a model for this data, or load the data it was made for."));
}

void check_batch(const Model& model) {
  if (model.recipe().train.batch > 1) return;
  for (const auto& [network, setting] : state_of(model).vae->parts().networks()) {
    if (!network->couples_rows()) continue;
    throw ConfigError(concat("train.batch = 1 leaves nothing to normalise by: ", setting,
                             " has a layer that uses the statistics of a batch. Use batches of at least 2."));
  }
}

/// Throws if a column holds classes and its likelihood takes amounts.
void check_classes(const Model& model, const Dataset& data) {
  const ModelSettings& settings = model.recipe().model;
  const ModelTraits traits = model.traits();
  if (traits.has_classes) return;
  const auto columns = modelled_columns(data.schema);
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const std::string likelihood = traits.has_columns ? settings.column_likelihoods[j] : settings.likelihood;
    if (columns[j].kind != ColumnKind::categorical || likelihood.starts_with("categorical")) continue;
    throw DataError(concat(
        data.train.origin, ": column ", data::shown(columns[j].name), " is categorical, and model.",
        traits.has_columns ? "column_likelihoods" : "likelihood", " = \"", likelihood, "\" takes numbers.\n",
        traits.has_columns ? "Give it \"categorical\" with the number of its classes there"
                           : "Set model.likelihood = \"mixed\", which has a likelihood for each column",
        ", leave the column out with data.drop, or take it for the labels with data.label."));
  }
}

/// Throws if the schema does not fit the rows or a model file.
void check_columns(const Model& model, const Dataset& data) {
  constexpr std::size_t kMaxSchemaBytes = std::size_t{16} << 20;  // of a model file's header
  const std::int64_t modelled = std::ssize(modelled_columns(data.schema));
  if (!data.schema.empty() && modelled != model.dims()) {
    throw ShapeError(
        concat("the data's schema has ", modelled, " columns with values, but its rows have ", model.dims()));
  }
  for (const Column& column : data.schema.columns) {
    constexpr double kFarthest = 1e15;
    if (std::abs(column.origin) <= kFarthest && column.origin == std::floor(column.origin)) continue;
    throw DataError(concat(data.name, ": the origin of column ", data::shown(column.name), " is ",
                           column.origin, ", no whole number up to 1e15"));
  }
  if (schema_to_text(data.schema).size() > kMaxSchemaBytes) {
    throw DataError(concat(data.name,
                           ": the names and texts of its columns are more than a model file can hold. "
                           "Leave columns out with data.drop."));
  }
}

/// Throws unless every example has the conditions that the model knows, and labels have its numbers; if it
/// infers labels, unless a training example has one.
void check_condition(const Model& model, const Dataset& data) {
  const ModelSettings& settings = model.recipe().model;
  if (const std::string wrong = condition_mismatch(settings, data.schema); !wrong.empty())
    throw DataError(concat(data.name, ": ", wrong, ": load the data with the recipe"));
  if (settings.condition.empty()) return;
  if (reads_label(settings) && !data.label_names.empty() && data.label_names != settings.condition_classes) {
    throw DataError(concat("the labels of ", data.name,
                           " are not model.condition_classes, in this order: load ",
                           "the data with the recipe, or make a recipe for it by follow_data()"));
  }
  const bool infers = state_of(model).vae->config().infers_label;
  for (const Examples* split : {&data.train, &data.validation, &data.test})
    if (!split->empty()) check_example_conditions(state_of(model), *split, data.name);
  const std::int64_t unlabelled = data.train.count - data::labelled_count(data.train);
  if (model.recipe().objective.classifier_alone && unlabelled > 0)
    throw DataError(
        concat(unlabelled, " training examples of ", data.name,
               " have no label, from which objective.classifier_alone learns nothing: load the data with "
               "the recipe, which leaves them out."));
  const std::int64_t labelled = data.train.count - unlabelled;
  if (infers && labelled > 0 && labelled < model.recipe().train.labelled_rows) {
    throw ConfigError(concat("train.labelled_rows is ", model.recipe().train.labelled_rows, ", but only ",
                             labelled,
                             " training examples have labels: lower it, so that none is twice in a batch."));
  }
  if (infers && labelled == 0)
    throw DataError(concat("no training example of ", data.name,
                           " has a label, from which model.kind = \"m2\" ", "could learn the others."));
}

}  // namespace

void check_trainable(const Model& model, const Dataset& data) {
  if (data.train.empty()) throw DataError(concat("the data ", data.name, " has no examples to train on."));
  check_batch(model);
  check_dims(model, data.train, "training");
  if (!data.validation.empty()) check_dims(model, data.validation, "validation");
  check_columns(model, data);
  check_classes(model, data);
  check_condition(model, data);
  data::check_support(data, state_of(model).vae->likelihood().ranges(model.recipe().data));
  const Recipe& recipe = model.recipe();
  const bool comes = data.validation.empty() && recipe.data.validation > 0.0;  // is held out later
  if (recipe.train.best_by == "accuracy" && !comes && data::labelled_count(data.validation) == 0) {
    throw ConfigError(
        concat("train.best_by = \"accuracy\" needs validation examples with labels, and ", data.name,
               data.validation.empty() ? " has none: hold some out, as with data.validation = 0.1."
                                       : "'s have none."));
  }
  if (recipe.train.patience == 0 || !data.validation.empty() || recipe.data.validation > 0.0) return;
  throw ConfigError(concat("train.patience needs validation data, and ", data.name,
                           " has none: hold some out, as with data.validation = 0.1."));
}

}  // namespace elbo
