#include "elbo/train.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "data/check.h"
#include "model/schema_text.h"
#include "model/state.h"
#include "recipe/data_settings.h"

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
  const VaeParts& parts = state_of(model).vae->parts();
  for (const auto& [network, setting] :
       {std::pair(&parts.encoder, "model.encoder"), std::pair(&parts.decoder, "model.decoder")}) {
    if (!network->couples_rows()) continue;
    throw ConfigError(concat("train.batch = 1 leaves nothing to normalise by: ", setting,
                             " has a layer that uses the statistics of a batch. Use batches of at least 2."));
  }
}

/// Throws if the schema does not fit the rows or a model file, or if a column holds classes and the
/// likelihood takes amounts.
void check_columns(const Model& model, const Dataset& data) {
  constexpr std::size_t kMaxSchemaBytes = std::size_t{16} << 20;  // of a model file's header
  const auto modelled = std::ranges::count_if(data.schema.columns,
                                              [](const Column& column) { return is_modelled(column.kind); });
  if (!data.schema.empty() && modelled != model.dims()) {
    throw ShapeError(
        concat("the data's schema has ", modelled, " columns with values, but its rows have ", model.dims()));
  }
  if (schema_to_text(data.schema).size() > kMaxSchemaBytes) {
    throw DataError(concat(data.name,
                           ": the names and texts of its columns are more than a model file can hold. "
                           "Leave columns out with data.drop."));
  }
  if (model.traits().has_classes) return;
  for (const Column& column : data.schema.columns) {
    if (column.kind != ColumnKind::categorical) continue;
    throw DataError(concat(data.train.origin, ": column ", data::shown(column.name),
                           " is categorical, and model.likelihood = \"", model.recipe().model.likelihood,
                           "\" takes numbers.\nLeave it out with data.drop, or take it for "
                           "the labels with data.label."));
  }
}

}  // namespace

void check_trainable(const Model& model, const Dataset& data) {
  if (data.train.empty()) throw DataError(concat("the data ", data.name, " has no examples to train on."));
  check_batch(model);
  check_dims(model, data.train, "training");
  if (!data.validation.empty()) check_dims(model, data.validation, "validation");
  check_columns(model, data);
  const ModelConfig& config = state_of(model).vae->config();
  data::check_support(data, value_range(config.likelihood, model.recipe().data, config.constants));
  const Recipe& recipe = model.recipe();
  if (recipe.train.patience == 0 || !data.validation.empty() || recipe.data.validation > 0.0) return;
  throw ConfigError(concat("train.patience needs validation data, and ", data.name,
                           " has none: hold some out, as with data.validation = 0.1."));
}

}  // namespace elbo
